"""Tables for other programs: flat, described, and with ids that stay text."""

import csv
import datetime as dt
import shutil
import sys
import time
from typing import get_args

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from crocs_cli.machine import files, tables
from crocs_cli.machine.shards import recipe
from crocs_cli.machine.team import Team
from crocs_cli.report import naming
from crocs_cli.rundir import columns
from crocs_cli.rundir.layouts import ASSIGNMENTS, RLS, RRLS
from crocs_cli.rundir.result_settings import ExportSettings
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import Stage2Settings
from crocs_cli.stages import export, programme_tables, stage2
from tests import made_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = made_run.make(tmp_path_factory.mktemp("export") / "run", outliers=3)
    arrays = {
        "consumer_id": np.array(["0012345678901", "=1+1", 'a"b,c']),
        "label": [0, 1, 0],
        "distance": [1.0, 2.0, 0.5],
        "runner_up": [1, 0, -1],
        "margin": [0.5, 0.1, 1.0],
        "alike": [[1, 0], [0, 0], [1, 1]],
    }
    files.write(run / "assignments" / "00000.h5", ASSIGNMENTS, arrays, recipe("assign", "00000", {}, {}))
    stage2.make_tiles(stage2.open_task(Run(run), Stage2Settings()), Team())
    return run


@pytest.mark.parametrize("what", columns.COLUMNS)
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_every_table_has_the_columns_that_are_described(crocs, run, tmp_path, what, ending):
    path = tmp_path / f"table{ending}"
    ended = crocs("export", "--run", run, "--what", what, "--clusters", 3, path)
    assert ended.code == 0, ended.err
    assert ended.out.startswith(f"{path}: ")
    read = pyarrow.csv.read_csv(path) if ending == ".csv" else pyarrow.parquet.read_table(path)
    described = list(export.COLUMNS[what])
    assert read.column_names[: len(described)] == described
    assert read.column_names[len(described) :] == (slots()[1:] if what in ("rls", "profiles") else [])
    assert not any(pa.types.is_nested(field.type) for field in read.schema)


def slots():
    return [f"t{minute // 60:02d}{minute % 60:02d}" for minute in range(0, 1440, 30)]


def test_the_choices_are_the_tables():
    assert get_args(ExportSettings.model_fields["what"].annotation) == tuple(export.COLUMNS)
    assert {*export.WHOLE, *export.PARTED, *programme_tables.COLUMNS} == {*export.COLUMNS}


def test_the_main_table_is_the_one_that_scripts_read(crocs, run, tmp_path):
    assert crocs("export", "--run", run, "--clusters", 3, tmp_path / "labels.csv").code == 0
    rows = list(csv.reader((tmp_path / "labels.csv").open()))
    read = Run(run).partition(3)
    assert rows[0] == ["consumer_id", "cluster", "segment_name"]
    names = naming.segment_names(Run(run), 3)
    expected = zip(read["consumer_id"], read["label"], strict=True)
    assert rows[1:] == [[name, str(label + 1), names[label]] for name, label in expected]


def test_the_days_of_a_behaviour_are_those_that_it_covers(run):
    days = export.day_labels(Run(run), 3).to_pylist()
    first = files.read(run / "rls" / "00000.h5", RLS)
    assert days[0]["date"] == dt.date(1970, 1, 1) + dt.timedelta(days=int(first["date"][0]))
    for number in (1, 2, 3):
        own = [day["behaviour"] for day in days if day["cluster"] == number]
        covered = files.read(run / "rrls" / "3" / f"{number:02d}.h5", RRLS)["day_coverage"]
        assert [own.count(b + 1) / len(own) for b in range(len(covered))] == pytest.approx(covered)


def test_segments_add_up(run):
    rows = export.segments(Run(run), 3).to_pydict()
    assert sum(rows["consumers"]) == 60
    assert sum(rows["consumer_share"]) == pytest.approx(1)
    assert sum(rows["energy_share"]) == pytest.approx(1)
    assert sum(rows["days"]) == 60 * 30


def test_excel_keeps_ids_as_text(crocs, run, tmp_path):
    path = tmp_path / "excel.csv"
    assert crocs("export", "--run", run, "--what", "assignments", "--excel", path).code == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    assert [row["consumer_id"] for row in rows] == ['="0012345678901"', '="=1+1"', '="a""b,c"']
    assert [row["runner_up"] for row in rows] == ["2", "1", ""]


def test_a_dash_is_standard_output(crocs, run, tmp_path):
    assert crocs("export", "--run", run, "--clusters", 3, tmp_path / "labels.csv").code == 0
    ended = crocs("export", "--run", run, "--clusters", 3, "-")
    assert (ended.code, ended.out) == (0, (tmp_path / "labels.csv").read_text())


def test_a_workbook_keeps_text_as_text_and_has_the_same_bytes(crocs, run, tmp_path, monkeypatch):
    paths = [tmp_path / "one.xlsx", tmp_path / "two.xlsx"]
    for path in paths:
        assert crocs("export", "--run", run, "--what", "assignments", path).code == 0
        monkeypatch.setattr(time, "time", lambda: 1e9)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    sheet = openpyxl.load_workbook(paths[0]).active
    rows = list(sheet.iter_rows(values_only=True))
    assert list(rows[0]) == list(export.COLUMNS["assignments"])
    assert [row[0] for row in rows[1:]] == ["0012345678901", "=1+1", 'a"b,c']
    assert [cell.data_type for cell in sheet["A"]] == ["s"] * 4
    days = tmp_path / "days.xlsx"
    assert crocs("export", "--run", run, "--what", "day-labels", "--clusters", 3, days).code == 0
    assert openpyxl.load_workbook(days).active["B2"].is_date


def test_what_a_workbook_cannot_hold_is_said(crocs, run, tmp_path, monkeypatch):
    call = ("export", "--run", run, "--what", "rls", tmp_path / "a.xlsx")
    monkeypatch.setattr(tables, "MOST_ROWS", 5)
    assert "a sheet has 5; name a .csv or .parquet" in crocs(*call).err
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    ended = crocs(*call)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "a.xlsx: .xlsx is written by openpyxl; run `pip install 'crocs-cli[xlsx]'`" in ended.err
    assert crocs("export", "--run", run, tmp_path / "a.txt").err.endswith("`-` is CSV to standard output\n")


def test_a_partition_must_be_named_where_there_are_several(crocs, run, tmp_path):
    assert crocs("export", "--run", run, tmp_path / "a.csv").out.endswith("in 3 clusters\n")  # rrls has 3
    shutil.copytree(run, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "rrls")
    for command in (("export", tmp_path / "a.csv"), ("score",), ("typical",), ("report",)):
        ended = crocs(*command, "--run", tmp_path / "run")
        assert ended.code == 1
        assert "partitions into 2, 3 segments are there; name one with --clusters" in ended.err


def test_behaviours_that_are_not_made_are_named(crocs, run, tmp_path):
    ended = crocs("export", "--run", run, "--what", "coverage", "--clusters", 2, tmp_path / "a.csv")
    assert ended.code == 1
    assert "rrls/2/01.h5: no such file; run `crocs rrls --clusters 2` first" in ended.err
    assert not (tmp_path / "a.csv").exists()


def test_a_safe_table_names_nobody_and_shows_no_real_day(crocs, run, tmp_path):
    """In segment 3 one uses more than 15 % of the energy; were segment 2 shown, it would be the rest."""
    label = Run(run).partition(3)["label"]
    parts = [files.read(path, RLS) for path in sorted((run / "rls").iterdir())]
    kwh = np.concatenate([part["mean_daily_kwh"] for part in parts])
    heaviest = [kwh[label == number].max() / kwh[label == number].sum() for number in range(3)]
    assert [share > 0.15 for share in heaviest] == [False, False, True]
    covered = files.read(run / "rrls" / "3" / "01.h5", RRLS)["consumer_coverage"] * (label == 0).sum()
    minimum = int(np.sort(np.round(covered))[1])
    rows = {}
    for what in ("hyperprototypes", "segments", "coverage"):
        flags = ("--what", what, "--clusters", 3, "--rule", f"{minimum}/15")
        ended = crocs("export", "--run", run, *flags, tmp_path / "safe.csv")
        assert ended.code == 0, ended.err
        rows[what] = list(csv.DictReader((tmp_path / "safe.csv").open()))
        assert {row["cluster"] for row in rows[what]} == {"1"}
    assert {row["kind"] for row in rows["hyperprototypes"]} == {"mean"}
    assert len(rows["coverage"]) == (np.round(covered) >= minimum).sum()
    flags = ("--what", "segments", "--clusters", 3, "--rule", "61/15")
    assert "nothing of it may be passed on" in crocs("export", "--run", run, *flags, tmp_path / "a.csv").err


@pytest.mark.parametrize(
    "what",
    [
        "consumers",
        "consumer-coverage",
        "day-labels",
        "profiles",
        "distances",
        "rls",
        "dendrogram",
        "assignments",
    ],
)
def test_tables_of_single_consumers_are_not_shared(crocs, run, tmp_path, what):
    ended = crocs("export", "--run", run, "--what", what, "--clusters", 3, "--share-safe", tmp_path / "a.csv")
    assert ended.code == 2
    assert ended.err.startswith("crocs: --share-safe, --what, --clusters: ")
    assert f"{what} is of single consumers; share_safe and rule are for segments," in ended.err
    assert not (tmp_path / "a.csv").exists()
