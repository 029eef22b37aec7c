"""No network at run time: all commands where there is none, while every attempt to reach one is counted."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
from pathlib import Path

from crocs_cli.cli import COMMANDS
from crocs_cli.cli.screen import command as screen
from tests.conftest import ROOT
from tests.torture.population import SCREEN, TARIFF, write_readings
from tests.torture.tally import Tally, call, inside

PROMISE = "No command uses the network"
HOW = (
    "every command of `crocs --help`, made in a namespace without a network, whose kernel counts what any "
    "process or library tries to send (an attempt on purpose is seen); Python's look-ups noted"
)
CALLS = (
    "synth --run main --consumers 24 --days 20 --clusters 2 --shapes 3 --shard-size 10",
    "synth --run later --consumers 24 --days 12 --clusters 2 --shapes 3 --shard-size 10 --seed 2",
    "stage1 --run main --prototypes 4",
    "stage2 --run main --clusters 2",
    "stability --run main --samples 2",
    "rrls --run main --clusters 2 --communities 2",
    "typical --run main --clusters 2",
    "score --run main --clusters 2",
    "export --run main --clusters 2 consumers.csv",
    "assign --run later --model main --clusters 2",
    "compare --run later --with main --clusters 2",
    "forecast --run main --clusters 2 --test-days 5",
    "peak --run main --clusters 2",
    "bills --run main --clusters 2 --tariff now.yaml",
    "target --run main --clusters 2",
    "impact --run main --clusters 2 --treated treated.csv --start 2013-01-12",
    "choose --run main",
    "report --run main --clusters 2",
    "status --run main",
    "info main/partitions/2.h5",
    "init readings.csv -o mine.yaml",
    "ingest --run metered readings.csv",
    "quality --run metered",
    "paper list",
    "guide formats",
    "run -c run.yaml",
    "plan --run main --tasks 2",
    "slurm jobs -c run.yaml --run main --tasks 2",
    f"screen simulate --run screened {shlex.join(map(str, SCREEN))}",
    "screen fit --run screened --no-compare-maps --epochs 4 --min-fit 60",
    "screen rank --run screened",
    "screen validate --run screened",
    "paper markov --quick --repetitions 1 --out paper",
)
SHORT, LONG = 16, len(CALLS) + 1  # the watch itself is a case
SETTINGS = (
    "run: whole\nsynth: {consumers: 20, days: 10, clusters: 2}\nstage2: {clusters: 2}\nrrls: {clusters: 2}\n"
)
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request")
SOMEWHERE = ("192.0.2.1", 9)  # of a net that is for documentation


def torture(cases: int, folder: Path) -> Tally:
    """Make the first calls, or all, in a process without a network; a case is a call."""
    tally = Tally()
    alone = ["unshare", "--map-root-user", "--net"]
    launcher = [] if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode else alone
    command = [*launcher, sys.executable, "-m", "tests.torture.offline", str(folder), str(cases - 1)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    seen, *ended = [json.loads(line) for line in done.stdout.splitlines()] or [False]
    tally.case("an attempt on purpose", "" if seen is True else f"was not seen: {done.stderr[-500:]}")
    for line, (code, said, tried) in zip(CALLS, ended, strict=False):
        tally.case(line, f"tried {tried}" if tried else f"code {code}: {said}" if code else "")
    if len(ended) < min(cases - 1, len(CALLS)):
        tally.case("all calls", f"only {len(ended)}: {done.stderr[-500:]}")
    if cases >= LONG and (left := untried()):
        tally.case("all commands", f"{left} are not among the calls")
    return tally


def untried() -> set[str]:
    """Return the commands that no call tries."""
    tried = {tuple(line.split()[:2]) for line in CALLS}
    groups = {name for name, _ in tried} | {"screen"}
    parts = {name for group, name in tried if group == "screen"}
    return (set(COMMANDS) - groups) | (set(screen.commands) - parts)


def sent() -> int:
    """Return how many packets this namespace sent, or could not send for want of a way."""
    names, values = (line.split() for line in Path("/proc/net/snmp").read_text().splitlines()[:2])
    ip = dict(zip(names, values, strict=True))
    return int(ip["OutRequests"]) + int(ip["OutNoRoutes"])


def main() -> None:
    """Make the first calls in a folder; print whether the watch works, and how each of them ended."""
    folder, calls = Path(sys.argv[1]), CALLS[: int(sys.argv[2])]
    asked: list[str] = []
    sys.addaudithook(lambda event, given: asked.append(f"{event} {given}") if event in NETWORK else None)
    alone = len(socket.if_nameindex()) == 1  # else the counts are of the whole machine
    before = sent()
    with socket.socket() as attempt:
        attempt.settimeout(0.01)
        attempt.connect_ex(SOMEWHERE)
    print(json.dumps(len(asked) == 1 and (sent() > before or not alone)))
    write_readings(folder / "readings.csv", 1)
    (folder / "run.yaml").write_text(SETTINGS)
    (folder / "now.yaml").write_text(TARIFF)
    (folder / "treated.csv").write_text("S0000001\nS0000005\n")
    with inside(folder):
        for line in calls:
            asked.clear()
            before = sent()
            ended = call(*shlex.split(line))
            if alone and sent() > before:
                asked.append(f"{sent() - before} packets")
            print(json.dumps((ended.code, ended.err[-300:], asked)), flush=True)


if __name__ == "__main__":
    main()
