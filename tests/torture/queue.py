"""What a real Slurm does to a job: requeues it ten times, loses its node, finds a node's spool full."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from unittest import mock

from tests.conftest import ROOT
from tests.slurm.cluster import Cluster, run
from tests.torture import population
from tests.torture.disk import disk
from tests.torture.tally import Tally, call, inside, untold

CROCS = str(Path(sys.executable).parent / "crocs")
SMALL = ("--time=10", "--cpus-per-task=1", "--array=1-1")
WITHIN_S = 300


def torture(tally: Tally, folder: Path) -> None:
    """Start a Slurm of three nodes, and go round its troubles with stage 1."""
    step = next(step for step in population.steps() if step.name == "main stage1")
    (folder / "slurm").mkdir()
    with mock.patch.dict(os.environ, CROCS=CROCS), inside(ROOT), Cluster(folder / "slurm") as cluster:
        for trouble in (requeued_ten_times, node_lost, spool_full):
            work = folder / trouble.__name__
            step.lay_out(work)
            fault = trouble(cluster, step, work) or untold(call(*step.arguments(work)), (0,))
            tally.case(f"slurm: {trouble.__name__}", fault or step.difference(work))


def submit(cluster: Cluster, step: population.Step, work: Path, crocs: str, *options: str) -> str:
    """Submit stage 1 as an array of one, with a crocs of our own; return the job's number."""
    config = work / "run.yaml"
    config.write_text(f"run: {work / 'main'}\nseed: 1\nstage1: {{prototypes: {step.call[2]}}}\n")
    program = work / "crocs"
    program.write_text(f'#!/bin/bash\n{crocs}\nexec {CROCS} "$@"\n')
    program.chmod(0o755)
    return cluster.submit(
        *SMALL, *options, f"--output={work}/out", "slurm/stage1.sbatch",
        CROCS_CONFIG=str(config), CROCS_SHARES="1", CROCS=str(program),
    )  # fmt: skip


def wait_for(what: Callable[[], object], of: str) -> str:
    """Wait until something is so; say that it never was."""
    end = time.monotonic() + WITHIN_S
    while not what():
        if time.monotonic() > end:
            return f"never: {of}"
        time.sleep(0.2)
    return ""


def finished(cluster: Cluster, work: Path, job: str) -> str:
    """Wait for the end of a job; say if it did not end well."""
    cluster.wait(WITHIN_S)
    states = cluster.states(job)
    return "" if states == {"COMPLETED"} else f"{states}: {(work / 'out').read_text()[-500:]}"


def requeued_ten_times(cluster: Cluster, step: population.Step, work: Path) -> str:
    """Have a job told to stop ten times: each time it requeues itself, and then it ends."""
    stopping = f"if [ $(wc -l < {work}/starts) -le 10 ]; then sleep 0.5; exit 75; fi"
    job = submit(cluster, step, work, f"echo start >> {work}/starts\n{stopping}")
    fault = finished(cluster, work, job)
    starts = (work / "starts").read_text().count("start")
    return fault or ("" if starts == 11 else f"started {starts} times")


def node_lost(cluster: Cluster, step: population.Step, work: Path) -> str:
    """Have the daemon of a job's node die: Slurm starts the job elsewhere while the old process goes on."""
    hanging = f"if mkdir {work}/here 2>/dev/null; then while [ ! -e {work}/go ]; do sleep 0.1; done; fi"
    job = submit(cluster, step, work, hanging)
    if fault := wait_for((work / "here").exists, "the job started"):
        return fault
    node = run("squeue", "-h", "-j", job, "-o", "%N").strip()
    cluster.kill_daemon(node)
    run("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=lost")
    fault = finished(cluster, work, job) or step.difference(work)
    (work / "go").touch()
    old = wait_for(lambda: not running(work / "run.yaml"), "the old process ended")
    cluster.start_daemon(node)
    return fault or old


def running(config: Path) -> bool:
    """Say whether a process is left that was started with a settings file."""
    return not subprocess.run(["pgrep", "-f", str(config)], stdout=subprocess.DEVNULL).returncode


def spool_full(cluster: Cluster, step: population.Step, work: Path) -> str:
    """Fill the disk on which a node keeps its jobs' scripts: the job waits, and ends once that is mended."""
    run("scontrol", "update", "NodeName=n1,n2", "State=DRAIN", "Reason=busy")
    with disk(cluster.spool("n0"), "16k"):
        with suppress(OSError):
            (cluster.spool("n0") / "full").write_bytes(bytes(1 << 20))
        job = submit(cluster, step, work, "")
        fault = wait_for(lambda: "Restarts=0" not in run("scontrol", "show", "job", job), "the job came back")
    run("scontrol", "update", "NodeName=n0,n1,n2", "State=RESUME")
    run("scontrol", "release", job)
    return fault or finished(cluster, work, job)
