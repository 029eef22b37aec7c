"""What a launch of MPI ranks promises: one answer, one message, and no rank that waits for ever."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from crocs_cli import __main__
from crocs_cli.maths.clustering.rows import Condensed
from crocs_cli.maths.ward.rounds import ward_in_place
from tests.conftest import ROOT, engine_missing, finish, mpiexec, start
from tests.machine.ward_by_ranks import by_ranks, distances, exchanged

pytestmark = pytest.mark.engine

ENDS_WITHIN_S = 60
RUN = ("--consumers", 40, "--days", 10, "--shard-size", 10)


@pytest.fixture(scope="module", autouse=True)
def engine():
    if not Path(mpiexec(1)[0]).exists():
        engine_missing("no mpiexec in this environment")


@pytest.fixture
def profiles(crocs, tmp_path):
    assert crocs("synth", "--run", tmp_path, *RUN).code == 0
    return tmp_path


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_ward_over_ranks_has_the_bits_of_one_machine(ranks, tmp_path):
    alone = ward_in_place(distances(700), 700)
    for merges in by_ranks(ranks, 700, tmp_path):
        np.testing.assert_array_equal(merges, alone)


def test_exchange_over_ranks_has_the_bits_of_one_machine(tmp_path):
    condensed = distances(700)
    alone = exchanged(Condensed(condensed, 700), ward_in_place(condensed.copy(), 700))
    for labels in by_ranks(3, 700, tmp_path, "exchange"):
        np.testing.assert_array_equal(labels, alone)


def test_a_launcher_of_another_mpi_is_noticed(profiles):
    """Each process would see itself alone, and do all the work."""
    strange = {"OMPI_COMM_WORLD_SIZE": "3"}
    ended = finish(
        start("stage1", "--run", profiles, launcher=("env", *(f"{k}={v}" for k, v in strange.items())))
    )
    assert ended.code == 1
    assert "the launcher started 3 ranks but the MPI library sees 1" in ended.err


def test_without_a_library_the_message_says_how_to_get_one(profiles):
    nowhere = ("env", "MPI4PY_LIBMPI=/nonexistent/libmpi.so.12", "PMI_SIZE=2")
    ended = finish(start("stage1", "--run", profiles, launcher=nowhere))
    assert ended.code == 1
    assert "load an MPI module or install crocs-cli[mpich]" in ended.err


ONE_TASK = {"SLURM_CPUS_PER_TASK": "2", "SLURM_NTASKS": "1"}
SAID = "from crocs_cli.machine.threads import available_threads; print(available_threads())"


@pytest.mark.parametrize("tasks", [{}, ONE_TASK], ids=["alone", "one task"])
def test_ranks_in_one_task_divide_its_cpus(tasks):
    cpus = sorted(os.sched_getaffinity(0))[:2]
    launcher = ("taskset", "-c", ",".join(map(str, cpus)), *mpiexec(2))
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    command = [*launcher, sys.executable, "-c", SAID]
    ended = subprocess.run(command, cwd=ROOT, env=plain | tasks, text=True, capture_output=True)
    assert "".join(ended.stdout.split()) == "11", ended.stderr  # a launcher may mix what its ranks say


def test_one_ranks_failure_ends_all(profiles):
    ended = finish(start("stage1", "--run", profiles, launcher=mpiexec(3)))  # their kernels are compiled now
    assert ended.code == 0, ended.err
    (profiles / "rls" / "00001.h5").write_bytes(b"damaged")  # of the second rank's part
    ended = finish(start("stage1", "--run", profiles, launcher=mpiexec(3)), within_s=ENDS_WITHIN_S)
    assert ended.code != 0
    assert "00001.h5: not a whole crocs file" in ended.err


@pytest.mark.parametrize("reads", [True, False])
def test_a_launch_is_not_aborted_before_its_launcher_has_read_what_was_said(reads, monkeypatch):
    monkeypatch.setattr(__main__, "HEARD_WITHIN_S", 0.5)
    end, begin = os.pipe()
    heard = []
    launcher = threading.Timer(0.2, lambda: heard.append(os.read(end, 99)))
    with os.fdopen(begin, "w") as stream, os.fdopen(end):
        stream.write("crocs: a fault in one line\n")
        if reads:
            launcher.start()
        __main__.wait_until_heard(stream)
        assert heard == ([b"crocs: a fault in one line\n"] if reads else [])  # nor waited for without end


def test_a_rank_that_fails_before_mpi_begins_ends_all(profiles):
    """The others would wait for it to begin."""
    second_has_no_place = '[ "$PMI_RANK" = 1 ] && export NUMBA_CACHE_DIR=/proc/nowhere; exec "$0" "$@"'
    launcher = (*mpiexec(2), "bash", "-c", second_has_no_place)
    ended = finish(start("stage1", "--run", profiles, launcher=launcher), within_s=ENDS_WITHIN_S)
    assert ended.code == 1
    assert "/proc/nowhere: No such file or directory; mend that and run again" in ended.err


def test_a_rank_that_leaves_before_mpi_begins_is_not_waited_for_without_end(profiles):
    """The launcher takes it for a program without MPI."""
    patient = "from crocs_cli import __main__; from crocs_cli.machine import team; team.BEGIN_WITHIN_S = 3"
    first = f'[ "$PMI_RANK" = 1 ] || exec "$0" -c "{patient}; __main__.main()" "${{@:3}}"'
    launcher = (*mpiexec(2), "bash", "-c", first)
    ended = finish(start("stage1", "--run", profiles, launcher=launcher), within_s=ENDS_WITHIN_S)
    assert ended.code != 0
    assert "crocs: MPI: not all ranks began in time" in ended.err
    assert not (profiles / "rls").exists()


def test_a_killed_rank_ends_the_launch_and_the_same_call_mends_it(crocs, tmp_path):
    assert crocs("synth", "--run", tmp_path, "--consumers", 200, "--shard-size", 2).code == 0
    stage1 = ("stage1", "--run", tmp_path, "--algorithm", "kmedoids")
    launch = start(*stage1, launcher=mpiexec(2))
    wait_for(lambda: list((tmp_path / "rls").glob("[0-9]*.h5")))
    os.kill(ranks_of(launch)[1], signal.SIGKILL)
    assert finish(launch, within_s=ENDS_WITHIN_S).code != 0
    ended = finish(start(*stage1, launcher=mpiexec(2)))
    assert ended.code == 0, ended.err
    assert len(list((tmp_path / "rls").iterdir())) == 100


def wait_for(what, within_s=120):
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def ranks_of(launch):
    """Return the processes of a launch that run crocs, by their numbers."""
    found = []
    todo = [launch.pid]
    while todo:
        pid = todo.pop()
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
        ).stdout
        todo += [int(child) for child in children.split()]
        line = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout
        if line.startswith(sys.executable):
            found.append(pid)
    return sorted(found)
