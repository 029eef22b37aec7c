"""Write the tables of a ranking as CSV and Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.machine import files, tables
from crocs_cli.machine.plain import json_text
from crocs_cli.maths.decisions import at_most
from crocs_cli.screen.daily import filters
from crocs_cli.screen.daily.contracts import LEVELS
from crocs_cli.screen.daily.dates import WEEK
from crocs_cli.screen.patterns.classify import transitions
from crocs_cli.screen.rank import Ranking
from crocs_cli.screen.ranking import scoring
from crocs_cli.screen.ranking.reasons import sentence
from crocs_cli.screen.ranking.tags import SOURCES, TAGS, TYPES
from crocs_cli.screen.settings import RankSettings

Arrays = dict[str, np.ndarray]
DIGITS = 9  # after the point, in tables; the HDF5 files hold every bit
CLASSES = {"week": 4, "month": 4, "scale": 5}


def write_table(path: Path, columns: Mapping[str, object], parquet: bool = False) -> None:
    """Write columns as CSV, and as Parquet beside it when asked; NaN and masked values are empty."""
    table = pa.table({name: _column(values) for name, values in columns.items()})
    for ending in (".csv", ".parquet") if parquet else (".csv",):
        tables.write_table(table, path.with_suffix(ending))


def _column(values: object) -> pa.Array:
    array: np.ma.MaskedArray = np.ma.asarray(values)
    if array.dtype.kind == "f":
        return pa.array(np.round(array.data, DIGITS) + 0.0, mask=np.ma.getmaskarray(array))
    if array.dtype.kind in "UO":
        return pa.array(array.tolist())
    return pa.array(array.data, mask=np.ma.getmaskarray(array))


def from_1(numbers: np.ndarray) -> np.ma.MaskedArray:
    """Return numbers that count from 0 as numbers that count from 1; negative ones are empty."""
    return np.ma.masked_less(numbers + 1, 1)


def write_ranking(run: Path, ranking: Ranking, settings: RankSettings) -> None:
    """Write all tables of a ranking into RUN/screen."""
    folder, verdict = run / "screen", ranking.actual
    order = listed(ranking, settings)
    rows = reasons(ranking, np.arange(len(verdict.ranked)))
    table = ranking_columns(ranking, order, settings) | {"reason": [rows[i] for i in order]}
    write_table(folder / "ranking.csv", table, parquet=True)
    stopped = np.nonzero(verdict.columns["ceased"] > 0)[0]
    write_table(folder / "ceased.csv", ceased_columns(ranking, stopped))
    write_table(folder / "classes.csv", class_columns(verdict.columns), parquet=True)
    write_table(folder / "scale.csv", scale_columns(ranking), parquet=True)
    write_table(folder / "filters_after.csv", filter_columns(verdict.columns))
    write_table(folder / "meter_checkup_after.csv", checkup_columns(verdict.columns))
    for feature in CLASSES:
        write_table(folder / f"transitions_{feature}.csv", transition_columns(verdict.columns, feature))
    files.write_bytes(folder / "explain.jsonl", explanations(ranking, rows, settings).encode())


def listed(ranking: Ranking, settings: RankSettings) -> np.ndarray:
    """Return the order of the list: by score or by money, cut at the false discovery rate."""
    order = ranking.actual.order
    if settings.rank_by == "value":
        worth = expected_value(ranking, settings)[order]
        order = order[np.argsort(-np.nan_to_num(worth, nan=-np.inf), kind="stable")]
    if settings.max_fdr is not None:
        order = order[at_most(ranking.q_value[order], settings.max_fdr)]
    return order


def expected_value(ranking: Ranking, settings: RankSettings) -> np.ndarray:
    """Return (1 - q) x money lost - cost of an inspection; NaN without a placebo (specification 14.6).

    1 - q stands for the chance that a case is no false discovery, until inspections teach a better one.
    """
    money = ranking.actual.columns["lost_kwh"] * settings.price_per_kwh
    return (1 - ranking.q_value) * money - settings.inspection_cost


def reasons(ranking: Ranking, rows: np.ndarray) -> list[str]:
    """Return the sentences of some installations."""
    verdict, calendar = ranking.actual, ranking.crowd.calendar
    names = [
        name for name, values in verdict.columns.items() if values.ndim == 1 and values.dtype.kind != "U"
    ]
    columns = [verdict.columns[name][rows].tolist() for name in names]
    parts = [verdict.score.contributions[tag][rows].tolist() for tag in TAGS]
    out = []
    for values, shares in zip(zip(*columns, strict=True), zip(*parts, strict=True), strict=True):
        row, contributions = dict(zip(names, values, strict=True)), dict(zip(TAGS, shares, strict=True))
        out.append(sentence(row, contributions, calendar))
    return out


def ranking_columns(ranking: Ranking, order: np.ndarray, settings: RankSettings) -> dict[str, object]:
    """Return the columns of ranking.csv without the reasons, best first (specification 9.6)."""
    verdict = ranking.actual
    columns, count = verdict.columns, len(verdict.ranked)
    place = scoring.ranks(order, count), scoring.ranks(order, count, columns["level"])
    table: dict[str, np.ndarray] = {
        "rank": place[0],
        "rank_level": place[1],
        "id": columns["installation_id"],
        "level": np.array(LEVELS)[columns["level"]],
        "final": verdict.score.final,
        "score": verdict.score.score,
        "completeness": columns["completeness"],
        "type": np.array(TYPES)[columns["type"]],
        "variation_now_pct": shown_change(columns),
        "variation_worst_pct": columns["worst_percent"],
        "onset_date": dates(ranking, columns["onset_day"]),
        "agreement": np.array(
            [f"{a}/{b}" for a, b in zip(columns["agreement"], columns["tests"], strict=True)]
        ),
        **{
            f"{f}_class_{when}": from_1(columns[f"{f}_class_{when}"])
            for f in CLASSES
            for when in ("before", "after")
        },
        "d_week": columns["week_distance"],
        "d_month": columns["month_distance"],
        **verdict.score.contributions,
        "source": np.array(SOURCES)[columns["source"]],
        "flags": np.array(
            [filters.names(bits) for bits in columns["filters_before"] | columns["filters_after"]]
        ),
        "est_kwh_lost": columns["lost_kwh"],
        "est_money_lost": columns["lost_kwh"] * settings.price_per_kwh,
        "expected_value": expected_value(ranking, settings),
        "p_value": ranking.p_value,
        "q_value": ranking.q_value,
    }
    return {name: values[order] for name, values in table.items()}


def shown_change(columns: Arrays) -> np.ndarray:
    """Return the change now in %, without shrinking, of the test that decides the type."""
    source = columns["source"]
    return np.select(
        [source == 3, source == 2, source == 1],
        [columns["now_percent"], columns["trend_percent"], columns["t1_percent"]],
        np.nan,
    )


def dates(ranking: Ranking, days: np.ndarray) -> np.ndarray:
    """Return ISO dates of day numbers, empty text for -1."""
    calendar = ranking.crowd.calendar
    return np.array(["" if day < 0 else calendar.date_of(day).isoformat() for day in days.tolist()])


def ceased_columns(ranking: Ranking, rows: np.ndarray) -> dict[str, object]:
    """Return the installations that stopped: empty, or bypassed entirely."""
    verdict, columns = ranking.actual, ranking.actual.columns
    return {
        "id": columns["installation_id"][rows],
        "level": np.array(LEVELS)[columns["level"][rows]],
        "ceased_on": dates(ranking, columns["ceased_day"][rows]),
        "mean_kwh_before": columns["mean_before"][rows],
        "contract_explained": columns["contract_explained"][rows].astype(int),
        "rank": scoring.ranks(verdict.order, len(verdict.ranked))[rows],
    }


def class_columns(columns: Arrays) -> dict[str, object]:
    """Return classes, margins and distances of every installation (specification 7.6)."""
    table: dict[str, object] = {"id": columns["installation_id"]}
    for feature in CLASSES:
        before, after = columns[f"{feature}_class_before"], columns[f"{feature}_class_after"]
        table |= {
            f"{feature}_class_before": from_1(before),
            f"{feature}_class_after": from_1(after),
            f"{feature}_changed": ((before != after) & (before >= 0) & (after >= 0)).astype(int),
            f"{feature}_margin_ratio": columns[f"{feature}_ratio"],
            f"{feature}_proto_dist_before": columns[f"{feature}_prototype_before"],
            f"{feature}_proto_dist_after": columns[f"{feature}_prototype_after"],
            f"{feature}_percentile": columns[f"{feature}_percentile"],
        }
    measures = ("week_distance", "month_distance", "week_euclidean", "month_euclidean", "months_compared")
    return table | {name: columns[name] for name in measures}


def scale_columns(ranking: Ranking) -> dict[str, object]:
    """Return the figures of the three tests (specification 8.8), with weeks as dates."""
    verdict = ranking.actual
    columns, calendar = verdict.columns, ranking.crowd.calendar
    names = [name for name in columns if name.startswith(("t1_", "t2_", "t3_", "mean_", "onset_"))]
    names += ["now_percent", "peer_percent", "main_ratio", "agreement", "tests", "lost_kwh"]
    names.append("consistent_high")
    table: dict[str, object] = {"id": columns["installation_id"], **{name: columns[name] for name in names}}
    month = calendar.dates[0].astype("datetime64[M]") + columns["t2_worst_month"]
    table["t1_weekday"] = from_1(columns["t1_weekday"])
    table["t2_worst_month"] = np.where(columns["t2_worst_month"] < 0, "", month.astype(str))
    for name in ("onset_week", "onset_earliest", "onset_latest", "t3_onset_run"):
        first_day = calendar.first_day_of_weeks + WEEK * columns[name]
        table[name] = dates(ranking, np.where(columns[name] < 0, -1, first_day))
    table["onset_day"] = dates(ranking, columns["onset_day"])
    bits = columns["filters_before"] | columns["filters_after"]
    tags = {name: verdict.tags[name] for name in ("scale_decrease", "scale_increase")}
    return table | tags | {"not_ranked": [untested(own) for own in bits]}


def untested(bits: int) -> str:
    """Return the reasons for no rank, empty without any."""
    return filters.names(bits & (filters.LARGE_GAPS | filters.LOW_CONSUMPTION | filters.CONTRACT))


def filter_columns(columns: Arrays) -> dict[str, object]:
    """Return the primary filters of both periods."""
    return {
        "id": columns["installation_id"],
        "level": np.array(LEVELS)[columns["level"]],
        "labels_before": [filters.names(bits) for bits in columns["filters_before"]],
        "labels_after": [filters.names(bits) for bits in columns["filters_after"]],
        "primary_after": [filters.primary(bits) for bits in columns["filters_after"]],
    }


def checkup_columns(columns: Arrays) -> dict[str, object]:
    """Return the meters with large gaps in DS1, which may have been disconnected (paper, 2)."""
    rows = columns["filters_after"] & filters.LARGE_GAPS > 0
    table: dict[str, object] = {"id": columns["installation_id"][rows]}
    names = ("gap_share_before", "gap_share_after", "days_after", "mean_before")
    return table | {name: columns[name][rows] for name in names}


def transitions_of(columns: Arrays, feature: str, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Count some installations by earlier and later class of a feature: (class, class) int64."""
    before, after = (columns[f"{feature}_class_{when}"] for when in ("before", "after"))
    count = max(CLASSES[feature], int(max(before.max(), after.max())) + 1)
    return transitions(before[rows], after[rows], count)


def transition_columns(columns: Arrays, feature: str) -> dict[str, object]:
    """Return how many installations went from each class to each, by level."""
    present = np.unique(columns["level"])
    counts = [transitions_of(columns, feature, columns["level"] == number) for number in present]
    classes = len(counts[0])
    table: dict[str, object] = {
        "level": np.repeat(np.array(LEVELS)[present], classes),
        "class_before": np.tile(np.arange(1, classes + 1), len(present)),
    }
    return table | {f"to_{c + 1}": np.concatenate([count[:, c] for count in counts]) for c in range(classes)}


def explanations(ranking: Ranking, rows: list[str], settings: RankSettings) -> str:
    """Return a JSON line for each installation, with the contributions to its score.

    sum(contributions) * completeness ** gamma = final where the sum is positive, else the sum itself.
    """
    verdict = ranking.actual
    columns, score = verdict.columns, verdict.score
    rank = scoring.ranks(verdict.order, len(verdict.ranked)).tolist()
    gamma = settings.gamma if settings.completeness == "multiply" else 0.0
    tagged = np.array([verdict.tags[tag] for tag in TAGS])
    untestable = [[TAGS[t] for t in np.nonzero(column)[0]] for column in np.isnan(tagged).T]
    parts = np.array([score.contributions[tag] for tag in TAGS]).T.tolist()
    columns_of_lines = {
        "id": columns["installation_id"].tolist(),
        "rank": [place or None for place in rank],
        "final": score.final.tolist(),
        "contributions": [{tag: part for tag, part in zip(TAGS, own, strict=True) if part} for own in parts],
        "completeness": columns["completeness"].tolist(),
        "gamma": [gamma] * len(rank),
        "not_tested": untestable,
        "reason": rows,
    }
    lines = [
        json_text(dict(zip(columns_of_lines, values, strict=True)))
        for values in zip(*columns_of_lines.values(), strict=True)
    ]
    return "\n".join(lines) + "\n"


def top(ranking: Ranking, settings: RankSettings, rows: int) -> dict[str, object]:
    """Return rank, id, score and reason of the first of the list."""
    order = listed(ranking, settings)[:rows]
    table = ranking_columns(ranking, order, settings)
    return {name: table[name] for name in ("rank", "id", "final")} | {"reason": reasons(ranking, order)}
