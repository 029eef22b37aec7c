"""A real Slurm on the loopback interface: several virtual nodes on this machine, started and ended by pid."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
UP_WITHIN_S = 60

CONF = """\
ClusterName=crocs-test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={port}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
TmpFS={folder}/tmp
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=pmi2
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobRequeue=1
ReturnToService=2
SlurmdParameters=config_overrides
KillWait=5
MinJobAge=300
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Cluster:
    """A Slurm of a few nodes; use it as a context, within which SLURM_CONF names it."""

    def __init__(self, folder: Path, nodes: int = 3, cpus: int = 4) -> None:
        self._folder, self._nodes, self._cpus = folder, nodes, cpus

    def __enter__(self) -> Cluster:
        for name in ("state", "spool", "tmp"):
            (self._folder / name).mkdir()
        self._folder.chmod(0o755)
        self._write_conf()
        os.environ["SLURM_CONF"] = str(self._folder / "slurm.conf")
        try:
            self._start()
            self._wait_until_idle()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        pids = [int(file.read_text()) for file in self._folder.glob("*.pid") if file.read_text().strip()]
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            end = time.monotonic() + 5
            while time.monotonic() < end and any(_alive(pid) for pid in pids):
                time.sleep(0.1)
        os.environ.pop("SLURM_CONF", None)

    def submit(self, *arguments: object, **environment: str) -> str:
        """Submit with sbatch and return the job's number."""
        command = ["sbatch", "--parsable", *map(str, arguments)]
        return run(*command, **environment).strip().split(";")[0]

    def wait(self, within_s: float = 240) -> None:
        """Wait until the queue is empty."""
        end = time.monotonic() + within_s
        while run("squeue", "-h"):
            if time.monotonic() > end:
                raise TimeoutError(run("squeue"))
            time.sleep(0.3)

    def states(self, job: str) -> set[str]:
        """Return the states of a job's tasks."""
        words = run("scontrol", "show", "job", job).split()
        return {word.removeprefix("JobState=") for word in words if word.startswith("JobState=")}

    def spool(self, node: str) -> Path:
        """Return the directory in which a node keeps the scripts of its jobs."""
        return self._folder / "spool" / node

    def kill_daemon(self, node: str) -> None:
        """Kill a node's daemon; the jobs that it has started go on."""
        os.kill(int((self._folder / f"slurmd-{node}.pid").read_text()), signal.SIGKILL)

    def start_daemon(self, node: str) -> None:
        """Start a node's daemon, and have the node take jobs again."""
        run("slurmd", "-N", node)
        run("scontrol", "update", f"NodeName={node}", "State=RESUME")

    def _write_conf(self) -> None:
        host, port = socket.gethostname().split(".")[0], _free_port()
        lines = [
            f"NodeName=n{i} NodeHostname={host} NodeAddr=127.0.0.1 Port={_free_port()} CPUs={self._cpus} "
            f"RealMemory=64000 State=UNKNOWN"
            for i in range(self._nodes)
        ]
        text = CONF.format(host=host, port=port, folder=self._folder, nodes="\n".join(lines))
        (self._folder / "slurm.conf").write_text(text)

    def _start(self) -> None:
        key = self._folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        places = {
            "key-file": key,
            "socket": self._folder / "munge.socket",
            "pid-file": self._folder / "munged.pid",
        }
        places |= {"log-file": self._folder / "munged.log", "seed-file": self._folder / "munged.seed"}
        run("munged", "--force", *(f"--{name}={place}" for name, place in places.items()))
        run("slurmctld", "-c")
        for i in range(self._nodes):
            run("slurmd", "-N", f"n{i}")

    def _wait_until_idle(self) -> None:
        end = time.monotonic() + UP_WITHIN_S
        while time.monotonic() < end:
            done = subprocess.run(
                ["sinfo", "-h", "-N", "-t", "idle", "-o", "%N"], capture_output=True, text=True
            )
            if len(done.stdout.split()) == self._nodes:
                return
            time.sleep(0.2)
        raise TimeoutError((self._folder / "slurmctld.log").read_text()[-2000:])


def missing() -> list[str]:
    """Return what a Slurm of our own needs and this machine lacks."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    return lacking if os.geteuid() == 0 else [*lacking, "root"]


def run(*command: object, **environment: str) -> str:
    """Run a program and return what it says; a failure shows what it said."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, env={**os.environ, **environment}
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
