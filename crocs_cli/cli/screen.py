"""`crocs screen`: screening for non-technical losses."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

import click

from crocs_cli.cli.options import Job, stage_options
from crocs_cli.machine.plain import json_text

SHOWN = 10


@click.group("screen")
def command() -> None:
    """Rank installations whose daily energy suggests non-technical losses.

    Reads daily energy, or the daily load profiles of a run. Writes RUN/screen.

    \b
    Examples:
      crocs screen simulate --run runs/screen --installations 2000
      crocs screen fit --run runs/screen
      crocs screen rank --run runs/screen
      crocs screen validate --run runs/screen
    """


@command.command("simulate")
@stage_options("screen-simulate")
def simulate(job: Job) -> None:
    """Make a population with known thieves, or put thieves into real series.

    Reads nothing, or the daily series of another run (--into). Writes RUN/screen/daily, RUN/screen/truth and
    RUN/screen/truth.csv.

    \b
    Examples:
      crocs screen simulate --run runs/screen --installations 2000 --thieves 0.03 --seed 1
      crocs screen simulate --run runs/noisy --installations 2000 --profile B
    """
    from crocs_cli.screen import simulate as stage

    parts = stage.run(job.run, job.settings, job.seed, job.team)
    if job.team.leads:
        click.echo(f"{job.run}: daily energy and truth in {parts} shards")


@command.command("fit")
@stage_options("screen-fit")
def fit(job: Job) -> None:
    """Learn the typical patterns of a population and freeze them.

    Reads daily files, profile shards or simulated shards. Writes RUN/screen/daily, features, model, and
    tables of gaps, filters, contracts and prototypes.

    \b
    Examples:
      crocs screen fit --run runs/screen
      crocs screen fit --run runs/screen --dref 2021-01-01 --share 1/3
    """
    from crocs_cli.screen import fit as stage
    from crocs_cli.screen import ingest, overview

    ready = ingest.run(job.run, job.settings, job.team)
    fitted = stage.run(job.run, job.settings, job.seed, job.team) if ready else None
    if fitted is not None and job.team.leads:
        for line in overview.write(job.run, job.settings, fitted):
            click.echo(line)


@command.command("rank")
@stage_options("screen-rank")
@click.option(
    "--what-if", type=click.Path(path_type=Path), help="YAML file of factors: show the order they would give."
)
@click.option("--json", "as_json", is_flag=True, help="Print the top of the list as JSON.")
def rank(job: Job, what_if: Path | None, as_json: bool) -> None:
    """Test every installation for change and rank the suspicious ones, with reasons.

    Reads RUN/screen/daily and RUN/screen/model. Writes RUN/screen/changes, placebo, scores.h5, ranking.csv,
    ranking.html, ceased.csv, explain.jsonl, other tables and figures. --what-if writes nothing.

    \b
    Examples:
      crocs screen rank --run runs/screen
      crocs screen rank --run runs/screen --what-if factors.yaml
    """
    from crocs_cli.machine.settings import load
    from crocs_cli.screen import rank as stage

    if what_if is not None:
        _print_rows(stage.what_if(job.run, stage.factors_of(load(what_if))), as_json)
        return
    ranking = stage.run(job.run, job.settings, job.team)
    if ranking is not None:
        from crocs_cli.screen import page, tables

        page.write(job.run, ranking, job.settings)
        _print_rows(tables.top(ranking, job.settings, SHOWN), as_json)


@command.command("validate")
@stage_options("screen-validate")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
def validate(job: Job, as_json: bool) -> None:
    """Measure the ranking and its rivals against the truth, or against inspections.

    Reads RUN/screen, and the truth in it or the inspections that --input-inspections names. Writes
    metrics.json, pr.csv, validation.md, and where labels suffice probabilities.csv and factors.yaml into
    RUN/screen.

    \b
    Examples:
      crocs screen validate --run runs/screen
      crocs screen validate --run runs/screen --input-inspections inspections.csv --json
    """
    from crocs_cli.screen import validate as stage

    report = stage.run(job.run, job.settings, job.seed, job.team)
    if report is not None:
        click.echo(json_text(report, 1) if as_json else stage.page(report), nl=as_json)


def _print_rows(columns: dict, as_json: bool) -> None:
    """Print the first rows of a table, as JSON or as text."""
    rows = [
        dict(zip(columns, values, strict=True))
        for values in zip(*(list(c) for c in columns.values()), strict=True)
    ][:SHOWN]
    if as_json:
        click.echo(json_text(rows))
        return
    for row in rows:
        click.echo("  ".join(map(_shown, row.values())))


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if isfinite(value) else "not known"
    return str(value)
