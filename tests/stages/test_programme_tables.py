"""Tables of programmes: export gives the figures that the command wrote, or says in a line what to run."""

import csv
import re
import shutil

import pyarrow as pa
import pyarrow.parquet
import pytest

from crocs_cli import __main__
from crocs_cli import api as crocs_api
from crocs_cli.machine import files
from crocs_cli.rundir.layouts import PROFILES
from crocs_cli.stages.programme_tables import COLUMNS, OF_IMPACT, OF_TARGET
from tests import made_run
from tests.stages.test_bills import NEW, NOW

QUESTIONS = {"peak": "40h", "bills": "now-to-new-1700-2000-10"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programmes")
    run = made_run.make(folder / "run", consumers=60, days=40)
    (folder / "now.yaml").write_text(NOW)
    (folder / "new.yaml").write_text(NEW)
    (folder / "ids.csv").write_text("\n".join(f"S{number:07d}" for number in range(0, 60, 4)))
    tariffs = ("--tariff", folder / "now.yaml", "--tariff", folder / "new.yaml", "--window", "17:00-20:00")
    treated = ("--treated", folder / "ids.csv", "--start", "2013-01-28")
    for call in (("peak",), ("bills", *tariffs), ("target", "--goal", 2), ("impact", *treated)):
        words = [str(word) for word in (call[0], "--run", run, "--clusters", 3, *call[1:])]
        assert __main__.run(words) == 0, words
    return run


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def written(run, what):
    command = what.partition("-")[0]
    folder = run / command / "3" / QUESTIONS.get(command, "")
    return folder / f"{OF_TARGET.get(what) or OF_IMPACT.get(what) or what}.csv"


@pytest.mark.parametrize("what", COLUMNS)
def test_a_table_has_the_cells_that_the_command_wrote(crocs, made, tmp_path, what):
    for name in ("table.csv", "table.parquet"):
        ended = crocs("export", "--run", made, "--what", what, tmp_path / name)
        assert ended.code == 0, ended.err
    rows, same = (list(csv.reader(path.open())) for path in (written(made, what), tmp_path / "table.csv"))
    assert len(rows) > 1
    assert same == rows
    table = pyarrow.parquet.read_table(tmp_path / "table.parquet")
    assert table.equals(crocs_api.open_run(made).table(what))
    for name, values in zip(rows[0], zip(*rows[1:], strict=True), strict=True):
        column = table[name]
        if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            expected = [float(value) if value else None for value in values]
            assert column.to_pylist() == expected, name
        else:
            assert [str(value).lower() for value in column.to_pylist()] == [v.lower() for v in values], name


@pytest.mark.parametrize("what", COLUMNS)
def test_every_column_is_described(made, what):
    header = next(csv.reader(written(made, what).open()))
    described = COLUMNS[what]
    others = {re.sub("_p10$", f"_p{level}", name) for name in described for level in (50, 90)} - {*described}
    assert [name for name in header if name not in others] == [*described]


def test_a_question_is_named_where_there_are_several(crocs, run, tmp_path):
    assert crocs("peak", "--run", run, "--clusters", 3, "--hours", 20).code == 0
    call = ("export", "--run", run, "--what", "peak-segments")
    ended = crocs(*call, tmp_path / "a.csv")
    assert (ended.code, ended.err) == (
        1,
        f"crocs: {run}: tables of peak: several are there; name one with --question: 20h, 40h\n",
    )
    ended = crocs(*call, "--question", "30h", tmp_path / "a.csv")
    made_by = f"or run `crocs peak --clusters 3 --run {run}` first\n"
    assert ended.err.endswith(f"no 30h is there; name one with --question: 20h, 40h, {made_by}")
    assert not (tmp_path / "a.csv").exists()
    assert crocs(*call, "--question", "20h", tmp_path / "a.csv").code == 0
    assert (tmp_path / "a.csv").read_bytes() == (run / "peak/3/20h/peak-segments.csv").read_bytes()
    opened = crocs_api.open_run(run)
    tables = [opened.table("peak-days", question=name) for name in ("20h", "40h")]
    assert not tables[0].equals(tables[1])


def test_a_question_is_of_peaks_and_bills_only(crocs, made):
    ended = crocs("export", "--run", made, "--what", "target-list", "--question", "40h", "-")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "target-list is of no question; question is for tables of peak and bills" in ended.err


def test_partitions_are_named_where_there_are_several(crocs, run):
    assert crocs("peak", "--run", run, "--clusters", 2).code == 0
    ended = crocs("export", "--run", run, "--what", "peak-days", "-")
    assert ended.err == (f"crocs: {run}: tables of peak: several are there; name one with --clusters: 2, 3\n")
    ended = crocs("export", "--run", run, "--what", "peak-days", "--clusters", 2, "-")
    assert ended.out == (run / "peak/2/40h/peak-days.csv").read_text()


@pytest.mark.parametrize("what", ["peak-days", "bills-months", "target-list", "impact-effects"])
def test_what_is_missing_is_said_with_the_command_that_makes_it(crocs, run, what):
    command = what.partition("-")[0]
    shutil.rmtree(run / command)
    ended = crocs("export", "--run", run, "--what", what, "-")
    assert (ended.code, ended.err) == (
        1,
        f"crocs: {run}: no tables of {command}; run `crocs {command} --run {run}` first\n",
    )


@pytest.mark.parametrize("what", ["peak-days", "bills-months", "target-list", "impact-effects"])
def test_a_stale_table_is_refused_with_the_command_that_makes_it(crocs, run, what):
    command = what.partition("-")[0]
    path = run / "profiles/00000.h5"
    made_by = files.read_recipe(path, PROFILES)
    files.write(path, PROFILES, files.read(path, PROFILES), made_by | {"inputs": {"other": "readings"}})
    ended = crocs("export", "--run", run, "--what", what, "-")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert f"; move {run / command} elsewhere and run `crocs {command} " in ended.err
    assert ended.err.endswith(f" --run {run}` again\n")


def test_bills_of_another_partition_are_stale(crocs, run):
    made_run.partition_again(run, 3)
    ended = crocs("export", "--run", run, "--what", "bills-segments", "-")
    assert "made from other partition; move" in ended.err
    said = "`crocs bills --tariff FOLDER/now.yaml --tariff FOLDER/new.yaml --clusters 3 --window 17:00-20:00"
    assert said in ended.err


def test_the_command_that_a_stale_table_names_makes_it_again(crocs, run, tmp_path):
    made_run.partition_again(run, 3)
    call = ("export", "--run", run, "--what", "peak-segments", "-")
    said = re.search(r"move (\S+) elsewhere and run `crocs ([^`]+)` again", crocs(*call).err)
    shutil.move(said[1], tmp_path / "elsewhere")
    assert crocs(*said[2].split()).code == 0
    assert crocs(*call).code == 0


def test_a_table_that_was_not_made_is_said(crocs, run, tmp_path):
    control = tmp_path / "control.csv"
    control.write_text("\n".join(f"S{number:07d}" for number in range(1, 60, 2)))
    (tmp_path / "ids.csv").write_text("\n".join(f"S{number:07d}" for number in range(0, 60, 4)))
    call = ("--treated", tmp_path / "ids.csv", "--start", "2013-01-28", "--control", control)
    assert crocs("impact", "--run", run, "--clusters", 3, *call).code == 0
    ended = crocs("export", "--run", run, "--what", "impact-matches", "-")
    assert ended.err == (
        f"crocs: {run}/impact/3: no matches.csv, because this impact has none; export another table\n"
    )


@pytest.mark.parametrize("content", [b"", b"\xff\n", b"rank,asked\n1\n", b"rank\nfirst\n"])
def test_a_table_that_was_changed_by_hand_is_said(crocs, run, tmp_path, content):
    path = run / "target/3/target.csv"
    path.write_bytes(content)
    call = ("export", "--run", run, "--what", "target-list", "-")
    ended = crocs(*call)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    said = re.search(r"not as crocs wrote it; move (\S+) elsewhere and run `crocs ([^`]+)` again", ended.err)
    shutil.move(said[1], tmp_path / "elsewhere")
    assert crocs(*said[2].split()).code == 0
    assert crocs(*call).code == 0


@pytest.mark.parametrize("what", COLUMNS)
def test_no_table_of_a_programme_is_passed_on(crocs, made, what):
    for flags in (("--share-safe",), ("--rule", "15/15")):
        ended = crocs("export", "--run", made, "--what", what, *flags, "-")
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
        said = f"tables of {what.partition('-')[0]} are not for passing on; share_safe and rule are for seg"
        assert said in ended.err
