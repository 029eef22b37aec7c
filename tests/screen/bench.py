"""The heavy acceptance of the screening, as a repeatable program: `python -m tests.screen.bench
quality|scale`.

`quality`: 20,000 installations, three years, 3 % thieves, for each seed, and once with profile B.
`scale`: fit and rank of 100,000 installations x 1,096 days after ingest, with time and memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from crocs_cli import __main__

METHODS = (
    "default",
    "default_plain",
    "paper",
    "paper_ceased",
    "drop_ratio",
    "drop_ratio_ceased",
    "isolation_forest",
    "isolation_forest_ceased",
)
FIGURES = ("auc", "ap", "p_at_100", "p_at_200", "p_at_500")


def crocs(*arguments: object) -> tuple[str, float, float, float]:
    """Run crocs; return its output, seconds by the clock and of the processors, and peak memory in GB."""
    begin = time.monotonic()
    command = [
        "/usr/bin/time",
        "-f",
        "%U %S %M",
        sys.executable,
        "-m",
        "crocs_cli",
        "screen",
        *map(str, arguments),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    user, system, memory = map(float, done.stderr.strip().splitlines()[-1].split())
    return done.stdout, time.monotonic() - begin, user + system, memory / 1e6


def measure(folder: Path, seed: int, profile: str, installations: int, thieves: float) -> dict:
    """Simulate, fit, rank and validate one population."""
    run = folder / f"{profile}{seed}"
    population = ("--installations", installations, "--years", 3, "--thieves", thieves, "--profile", profile)
    calls = (
        ("simulate", *population, "--seed", seed),
        ("fit", "--no-compare-maps"),
        ("rank", "--no-figures"),
        ("validate",),
    )
    for command, *options in calls:  # in this process: nothing is compiled twice
        if __main__.run(["screen", command, "--run", str(run), *map(str, options)]):
            raise SystemExit(f"{command} failed")
    return json.loads((run / "screen" / "metrics.json").read_text())


def table(reports: dict[str, dict]) -> str:
    """Return the figures of some populations as lines."""
    lines = ["population        method                    " + "".join(f"{name:>10}" for name in FIGURES)]
    for population, report in reports.items():
        for method in METHODS:
            row = "".join(f"{report[method][name]:10.3f}" for name in FIGURES)
            lines.append(f"{population:<17} {method:<25} {row}")
        control = report["negative_control"]["default"]
        first_ten = report["default"]["auc_by_attack"]
        lines.append(f"{population:<17} control AUC {control:.3f}; by attack " + json.dumps(first_ten))
        for name in ("by_set", "class_changes", "ceased", "checkup", "onset", "false_discovery"):
            lines.append(f"{population:<17} {name}: {json.dumps(report[name])}")
    return "\n".join(lines)


@click.group()
def cli() -> None:
    """Heavy acceptance of the screening."""


@cli.command()
@click.option("--seeds", default="101,102,103,104,105")
@click.option("--profile", default="A")
@click.option("--installations", default=20_000)
@click.option("--thieves", default=0.03)
def quality(seeds: str, profile: str, installations: int, thieves: float) -> None:
    """Measure the ranking against its rivals on fresh seeds."""
    reports = {}
    for seed in map(int, seeds.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            report = measure(Path(folder), seed, profile, installations, thieves)
        reports[f"{profile}{seed}"] = report
        click.echo(table({f"{profile}{seed}": report}))
    for figure in ("ap", "p_at_100"):
        mean = sum(report["default"][figure] for report in reports.values()) / len(reports)
        click.echo(f"mean {figure} of default: {mean:.3f}")
    rivals = [method for method in METHODS if not method.startswith("default")]
    above = all(r["default"]["ap"] > r[rival]["ap"] for r in reports.values() for rival in rivals)
    click.echo(f"default above every rival in every seed: {above}")


@cli.command()
@click.option("--installations", default=100_000)
def scale(installations: int) -> None:
    """Time fit and rank of a large population, and show their memory."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        crocs("simulate", "--run", run, "--installations", installations, "--seed", 1)
        for command in ("fit", "rank"):
            _, clock, processors, memory = crocs(command, "--run", run)
            click.echo(f"{command}: {clock:.0f} s, {processors:.0f} s of processors, {memory:.2f} GB")


if __name__ == "__main__":
    cli()
