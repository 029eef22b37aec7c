"""Write the tables, the figures and the page of a ranking."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from crocs_cli import __version__
from crocs_cli.machine import files
from crocs_cli.machine.settings import Settings
from crocs_cli.maths.decisions import at_most
from crocs_cli.report import html
from crocs_cli.screen import tables
from crocs_cli.screen.daily import filters
from crocs_cli.screen.daily.contracts import LEVELS
from crocs_cli.screen.figures.draw import Picture, draw
from crocs_cli.screen.rank import PLACES, Ranking
from crocs_cli.screen.ranking.tags import TAGS
from crocs_cli.screen.settings import RankSettings, tag_words

TOP = 30  # installations named on the page; ranking.csv has all
RATES = (0.1, 0.2)
CASES = ("06-split-series", "19-scale-cases", "20-shape-cases", "18-contributions", "23-map")
CLASSES = ("15-week-prototypes", "16-month-prototypes", "17-yearly-energy", "21-class-transitions")
SCORES = ("22-scores", "24-against-truth")


def write(run: Path, ranking: Ranking, settings: RankSettings) -> None:
    """Write the tables, the figures if wanted, and ranking.html into RUN/screen."""
    tables.write_ranking(run, ranking, settings)
    pictures = draw(run, ranking) if settings.figures else {}
    files.write_bytes(run / "screen" / "ranking.html", page(ranking, settings, pictures).encode())


def page(ranking: Ranking, settings: RankSettings, pictures: Mapping[str, Picture]) -> str:
    """Return the page."""
    verdict, calendar = ranking.actual, ranking.crowd.calendar
    order = tables.listed(ranking, settings)
    shown = tables.ranking_columns(ranking, order[:TOP], settings)
    shown["reason"] = tables.reasons(ranking, order[:TOP])
    split = np.unique(verdict.columns["split_day"])
    known = {name: {"caption": one.caption, "svg": Markup(one.svg)} for name, one in pictures.items()}
    rest = [name for name in known if name not in (*CASES, *CLASSES, *SCORES)]
    environment = html.environment()
    environment.globals |= {"number": _number}
    return environment.get_template("screen/ranking.html").render(
        installations=len(verdict.ranked),
        ranked=int(verdict.ranked.sum()),
        listed=len(order),
        first_day=calendar.start,
        last_day=calendar.date_of(calendar.days - 1),
        reference_date=calendar.date_of(split[0]) if len(split) == 1 else None,
        levels=_levels(verdict.columns["level"], verdict.ranked),
        not_ranked=_not_ranked(ranking),
        ceased=int((verdict.columns["ceased"] > 0).sum()),
        rows=_rows(shown),
        rates={f"{100 * rate:.0f} %": int(at_most(ranking.q_value[order], rate).sum()) for rate in RATES},
        has_placebo=ranking.placebo is not None,
        max_fdr=settings.max_fdr,
        tags=_tags(ranking, settings),
        pictures=known,
        cases=[name for name in CASES if name in known],
        classes=[name for name in CLASSES if name in known],
        scores=[name for name in SCORES if name in known],
        rest=rest,
        provenance={
            "screen fit": _flat(ranking.source.fitted, {"input"}),
            "screen rank": _flat(settings, PLACES),
        },
        version=__version__,
    )


def _rows(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = (
        "rank",
        "id",
        "level",
        "final",
        "variation_now_pct",
        "onset_date",
        "completeness",
        "est_kwh_lost",
    )
    values = [columns[name] for name in (*names, "reason")]
    return [dict(zip((*names, "reason"), row, strict=True)) for row in zip(*values, strict=True)]


def _levels(level: np.ndarray, ranked: np.ndarray) -> list[tuple[str, int, int]]:
    """Return each voltage level with its installations, and how many of them are ranked."""
    numbers = np.unique(level).tolist()
    return [(LEVELS[n], int((level == n).sum()), int((ranked & (level == n)).sum())) for n in numbers]


def _not_ranked(ranking: Ranking) -> dict[str, int]:
    """Return how many installations have no rank, by the first reason."""
    columns, unranked = ranking.actual.columns, ~ranking.actual.ranked
    before, after = columns["filters_before"], columns["filters_after"]
    reasons = {
        "too many days are missing before the reference date": before & filters.LARGE_GAPS,
        "too many days are missing since": after & filters.LARGE_GAPS,
        "a new contract leaves too few days to compare": before & filters.CONTRACT,
        "consumption was very low before": before & filters.LOW_CONSUMPTION,
    }
    first = np.argmax([bits > 0 for bits in reasons.values()], axis=0)
    counts = np.bincount(first[unranked], minlength=len(reasons)).tolist()
    return {words: count for words, count in zip(reasons, counts, strict=True) if count}


def _tags(ranking: Ranking, settings: RankSettings) -> list[tuple[str, float, int]]:
    """Return each tag in use: its meaning, its factor, and how many ranked installations it concerns."""
    verdict, factors = ranking.actual, settings.factors.model_dump()
    words = tag_words()
    concerned = {tag: int((np.nan_to_num(verdict.tags[tag])[verdict.ranked] > 0).sum()) for tag in TAGS}
    return [(words[tag], factors[tag], concerned[tag]) for tag in TAGS if factors[tag]]


def _flat(settings: Settings, left_out: set[str]) -> dict[str, object]:
    """Return settings as {dotted key: value}."""
    found: dict[str, object] = {}
    for key, value in settings.model_dump(mode="json", exclude=left_out).items():
        found |= {f"{key}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {key: value}
    return found


def _number(value: float, digits: int = 0) -> str:
    return "not known" if np.isnan(value) else f"{value:,.{digits}f}"
