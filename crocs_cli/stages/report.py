"""Make the report of one number of segments."""

from __future__ import annotations

from pathlib import Path

from crocs_cli.machine.files import Recipe, digest
from crocs_cli.machine.pages import bring_folder_up_to_date
from crocs_cli.machine.shards import recipe
from crocs_cli.report import naming, page, programmes, sharing
from crocs_cli.report.gather import gather
from crocs_cli.report.speech import said, said_in_table
from crocs_cli.rundir.result_settings import ReportSettings
from crocs_cli.rundir.run import Run
from crocs_cli.stages import choose


def run(run: Run, settings: ReportSettings) -> Path:
    """Write RUN/report/K/index.html with the data and figures beside it; return its path.

    A report that is there and right stays. The page on all numbers of segments is brought up to date too, as
    `crocs choose` does. A safe report goes to RUN/report-share-safe/K, so that nothing of
    another one lies beside it.
    """
    clusters = run.chosen(settings.clusters)
    given = naming.given_names(run, clusters, settings.names)
    rule = settings.passed_on
    settings = settings.model_copy(
        update={
            "clusters": clusters,
            "names": given,
            "share_safe": rule is not None,
            "rule": rule.name if rule else "none",
            "minimum_size": 15,  # the rule says it
        }
    )
    folder = run / ("report-share-safe" if rule else "report") / str(clusters)

    def make() -> dict[str, bytes]:
        meaning = run.meaning()
        if meaning.period != "day":
            from crocs_cli.report import plain  # with matplotlib, which takes half a second

            return plain.files(run, settings)
        facts = gather(run, settings)
        if rule:
            groups = [one.merged or (one.number,) for one in facts.segments]
            sharing.note(run, clusters, rule, groups)
        texts = page.files(facts, [] if rule else programmes.sections(run, clusters))
        say = {True: said_in_table, False: said}
        return {name: say[name.endswith(".csv")](text, meaning).encode() for name, text in texts.items()}

    bring_folder_up_to_date(folder, report_recipe(run, settings), make)
    naming.keep(run, clusters, given)
    if not rule:
        choose.run(run)
    return folder / "index.html"


def report_recipe(run: Run, settings: ReportSettings) -> Recipe:
    """Return what a report depends on: its settings, and every file of the run that it shows."""
    clusters = run.chosen(settings.clusters)
    inputs = {"profiles": run.profiles().digest(), "rls": run.load_sets().digest()}
    inputs["partition"] = digest(run.partition_recipe(clusters))
    if run.stability_path(clusters).exists():
        inputs["stability"] = digest(run.stability_recipe(clusters))
    for number in range(1, clusters + 1):
        if run.behaviours_path(clusters, number).exists():
            inputs[f"rrls {number}"] = digest(run.behaviours_recipe(clusters, number))
    if not settings.share_safe:
        inputs |= programmes.inputs(run, clusters)
    return recipe("report", str(clusters), settings, inputs)
