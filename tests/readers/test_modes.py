"""The same bytes in every mode: alone, in shares, under MPI, and after a kill."""

import random
import shutil
import time
from pathlib import Path

import pytest

from crocs_cli import __main__
from crocs_cli.rundir import memory
from tests.conftest import digests, finish, mpiexec, start
from tests.readers.conftest import long_csv


def shuffled(text):
    """Return a long file with its lines in another order, so that every shard's readings lie everywhere."""
    header, *lines = text.splitlines()
    random.Random(3).shuffle(lines)
    return "\n".join([header, *lines, ""])


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modes")
    (folder / "a.csv").write_text(shuffled(long_csv(days=6, consumers=23)))
    (folder / "b.csv").write_text(long_csv(days=6, consumers=31, first="2013-02-01"))
    files = [folder / "a.csv", folder / "b.csv"]
    alone = folder / "alone"
    assert __main__.run(arguments(alone, files)) == 0
    assert len(list((alone / "profiles").iterdir())) == 5
    return folder, files, digests(alone)


def arguments(run, files, *more):
    return [str(each) for each in ("ingest", "--run", run, "--shard-size", 7, *more, *files)]


def call(run, files, *more, launcher=()):
    return start(*arguments(run, files, *more), launcher=launcher)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
def test_shares_in_any_order_make_the_same_bytes(job, crocs, tmp_path, order):
    _, files, expected = job
    for share in order:
        assert crocs(*arguments(tmp_path, files, "--share", f"{share}/3")).code == 0
    assert digests(tmp_path) == expected


def test_shares_at_the_same_time_make_the_same_bytes(job, tmp_path):
    _, files, expected = job
    processes = [call(tmp_path, files, "--share", f"{share}/3") for share in (1, 2, 3)]
    assert [finish(process).code for process in processes] == [0, 0, 0]
    assert digests(tmp_path) == expected


@pytest.mark.engine
@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_mpi_ranks_make_the_same_bytes(job, tmp_path, ranks):
    _, files, expected = job
    ended = finish(call(tmp_path, files, launcher=mpiexec(ranks)))
    assert ended.code == 0, ended.err
    assert ended.out.count("shards of daily load profiles") == 1, "one rank says it"
    assert digests(tmp_path) == expected


def test_a_killed_call_is_mended_by_the_same_call(job, crocs, tmp_path):
    _, files, expected = job
    for delay in (0.3, 0.6, 0.9, 1.2):
        process = call(tmp_path, files)
        time.sleep(delay)
        process.kill()
        process.communicate()
    assert crocs(*arguments(tmp_path, files)).code == 0
    assert digests(tmp_path) == expected


def test_only_the_missing_shard_is_made_again(job, crocs, tmp_path):
    folder, files, expected = job
    shutil.copytree(folder / "alone", tmp_path / "run")
    (tmp_path / "run/profiles/00003.h5").unlink()
    kept = (tmp_path / "run/profiles/00001.h5").stat().st_mtime_ns
    assert crocs(*arguments(tmp_path / "run", files)).code == 0
    assert digests(tmp_path / "run") == expected
    assert (tmp_path / "run/profiles/00001.h5").stat().st_mtime_ns == kept


def test_a_whole_run_is_not_read_again(job, tmp_path, crocs, monkeypatch):
    folder, files, expected = job
    shutil.copytree(folder / "alone", tmp_path / "run")
    monkeypatch.setattr("crocs_cli.readers.intake.Intake.rows", None)
    assert crocs(*arguments(tmp_path / "run", files)).code == 0
    assert digests(tmp_path / "run") == expected


def test_a_small_memory_spools_to_disk_and_makes_the_same_bytes(job, tmp_path, crocs, monkeypatch):
    _, files, expected = job
    monkeypatch.setattr("crocs_cli.machine.spool.Spool.__init__.__defaults__", (10_000,))
    assert crocs(*arguments(tmp_path, files)).code == 0
    assert digests(tmp_path) == expected


def test_moved_files_with_the_same_names_are_the_same_inputs(job, crocs, tmp_path):
    _, files, expected = job
    for file in files:
        shutil.copy(file, tmp_path / Path(file).name)
    run = tmp_path / "run"
    assert crocs(*arguments(run, [tmp_path / "a.csv", tmp_path / "b.csv"])).code == 0
    assert digests(run) == expected


def test_what_cannot_be_assembled_in_memory_is_refused_once_it_is_known(ingest, monkeypatch):
    monkeypatch.setattr(memory, "CELL", 1 << 40)
    ended = ingest(long_csv())
    assert ended.code == 1
    assert "GB are free; set --shard-size lower" in ended.err.splitlines()[-1]
    assert not list(Path("run").rglob("*.h5"))
