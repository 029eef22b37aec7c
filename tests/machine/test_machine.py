"""Threads that were really given, and kernels that are kept where no other code meets them."""

import os

import pytest

from crocs_cli.machine import compiled, threads
from crocs_cli.machine.compiled import keep_kernels
from crocs_cli.machine.threads import available_threads

LAUNCHERS = [*threads.RANKS_HERE, *threads.TASKS_HERE, "SLURM_CPUS_PER_TASK", "SLURM_NTASKS"]
ONE_TASK = {"SLURM_CPUS_PER_TASK": "2", "SLURM_NTASKS": "1"}
FOUR_TASKS = {"SLURM_CPUS_PER_TASK": "2", "SLURM_NTASKS": "8", "SLURM_TASKS_PER_NODE": "4(x2)"}


@pytest.fixture
def cpus(monkeypatch):
    """Pretend that this process, and the one that started it, may run on some CPUs."""
    for name in LAUNCHERS:
        monkeypatch.delenv(name, raising=False)

    def give(own, launcher=None):
        masks = {0: set(range(own)), os.getppid(): set(range(launcher or own))}
        monkeypatch.setattr(threads, "_mask", masks.__getitem__)

    return give


@pytest.mark.parametrize(
    ("own", "launcher", "environment", "expected"),
    [
        (8, 8, {}, 8),
        (8, 8, {"SLURM_CPUS_PER_TASK": "3"}, 3),
        (2, 2, {"SLURM_CPUS_PER_TASK": "16"}, 2),
        (8, 8, {"MPI_LOCALNRANKS": "4"}, 2),
        (8, 8, {"OMPI_COMM_WORLD_LOCAL_SIZE": "3"}, 2),
        (2, 2, {"MPI_LOCALNRANKS": "4"}, 1),
        (4, 16, {"MPI_LOCALNRANKS": "4"}, 4),
        (16, 16, {"SLURM_STEP_TASKS_PER_NODE": "2(x3),1"}, 8),
        (8, 8, {"MPI_LOCALNRANKS": "many"}, 8),
        (2, 2, ONE_TASK | {"MPI_LOCALNRANKS": "2"}, 1),
        (64, 64, ONE_TASK | {"MPI_LOCALNRANKS": "2"}, 1),
        (8, 8, FOUR_TASKS | {"MPI_LOCALNRANKS": "4"}, 2),
        (64, 64, FOUR_TASKS | {"MPI_LOCALNRANKS": "8"}, 1),
        (8, 8, FOUR_TASKS | {"MPI_LOCALNRANKS": "2"}, 2),
        (2, 2, FOUR_TASKS | {"SLURM_STEP_TASKS_PER_NODE": "4(x2)"}, 2),
    ],
    ids=[
        *("alone", "slurm", "mask", "mpich", "openmpi", "crowded", "bound", "srun", "nonsense"),
        *("ranks in one task", "in a task without a mask", "ranks as tasks", "two ranks in each task"),
        *("fewer ranks than tasks", "tasks of srun"),
    ],
)
def test_ranks_never_share_a_cpu(cpus, monkeypatch, own, launcher, environment, expected):
    cpus(own, launcher)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert available_threads() == expected


def test_threads_are_those_of_the_real_mask(monkeypatch):
    for name in LAUNCHERS:
        monkeypatch.delenv(name, raising=False)
    assert available_threads() == len(os.sched_getaffinity(0))


@pytest.fixture
def no_choice(monkeypatch, tmp_path):
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(compiled.tempfile, "gettempdir", lambda: str(tmp_path))


def test_kernels_are_kept_at_home_and_in_a_job_on_the_node(no_choice, monkeypatch, tmp_path):
    assert keep_kernels().parent == tmp_path / "home" / "crocs"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert keep_kernels().parent == tmp_path / f"crocs-{os.getuid()}"


def test_the_directory_of_the_user_comes_first_and_is_named_once(no_choice, monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "mine"))
    kept = keep_kernels()
    assert kept.parent == tmp_path / "mine"
    assert keep_kernels() == kept
    assert os.environ["NUMBA_CACHE_DIR"] == str(kept)


def test_changed_code_has_another_directory(no_choice, monkeypatch, tmp_path):
    source = tmp_path / "maths" / "distances" / "dtw.py"
    source.parent.mkdir(parents=True)
    source.write_text("one = 1\n")
    monkeypatch.setattr(compiled, "SOURCES", tmp_path / "maths")
    before = keep_kernels()
    source.write_text("one = 2\n")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(before.parent))
    assert keep_kernels() != before


def test_a_directory_that_others_may_write_is_not_trusted(no_choice, tmp_path):
    home = tmp_path / "home" / "crocs"
    home.mkdir(parents=True)
    home.chmod(0o777)
    assert keep_kernels().parent == tmp_path / f"crocs-{os.getuid()}"


def test_a_home_that_cannot_be_written_is_passed_over(no_choice, tmp_path):
    (tmp_path / "home").write_text("a file in the way\n")
    assert keep_kernels().parent == tmp_path / f"crocs-{os.getuid()}"


def test_who_has_no_home_and_no_name_has_kernels_kept_in_the_temporary_place(
    no_choice, monkeypatch, tmp_path
):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    monkeypatch.setattr(compiled, "_user", lambda: tmp_path.stat().st_uid)
    with pytest.raises(RuntimeError, match="home directory"):
        compiled._at_home()
    assert keep_kernels().is_relative_to(tmp_path)


def test_where_nothing_can_be_written_nothing_is_kept(no_choice, monkeypatch, tmp_path):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr(compiled, "_made", refused)
    monkeypatch.setattr(compiled.tempfile, "mkdtemp", refused)
    assert keep_kernels() is None
    assert "NUMBA_CACHE_DIR" not in os.environ
    assert compiled.must_compile("represent")


def test_a_directory_of_the_users_choice_that_cannot_be_written_is_named(no_choice, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/proc/nowhere")
    with pytest.raises(OSError, match="/proc/nowhere"):
        keep_kernels()


def test_a_first_run_knows_that_it_compiles(no_choice, monkeypatch):
    kept = keep_kernels()
    assert compiled.must_compile("represent")
    (kept / "maths_1").mkdir()
    (kept / "maths_1" / "represent._cluster-133.py311.nbi").touch()
    assert not compiled.must_compile("represent")
    assert compiled.must_compile("wsmd")
