"""Compare all installations: peers, test 3, tags, score, onset, loss, p-values, order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crocs_cli.screen.changes import homologous
from crocs_cli.screen.daily import filters, onset
from crocs_cli.screen.daily.aggregates import percent_of, weeks_after, weeks_before, weeks_unchanged
from crocs_cli.screen.daily.dates import WEEK, YEAR_WEEKS, Calendar, Windows
from crocs_cli.screen.ranking import scoring, tags
from crocs_cli.screen.ranking.scoring import Score
from crocs_cli.screen.ranking.tags import ShapeScale
from crocs_cli.screen.settings import RankSettings

Arrays = dict[str, np.ndarray]
UNRANKED_BEFORE = filters.LARGE_GAPS | filters.LOW_CONSUMPTION | filters.CONTRACT
EXPLAINED_DAYS = 45


@dataclass(frozen=True)
class Crowd:
    """Data that all installations share: calendar, peer group of each (-1 unknown), events.

    `event_row`, `event_day` (event,): changes of contract, power, tariff or meter.
    """

    calendar: Calendar
    peers: np.ndarray
    event_row: np.ndarray
    event_day: np.ndarray


@dataclass(frozen=True)
class Verdict:
    """Columns, tags and scores (installation,) of a ranking, and the order of the ranked."""

    columns: Arrays
    tags: Arrays
    score: Score
    order: np.ndarray
    ranked: np.ndarray


def rankable(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return where both periods can be compared: no large gaps, not low before, not cut by a contract."""
    before, after = columns["filters_before"], columns["filters_after"]
    return (before & UNRANKED_BEFORE == 0) & (after & filters.LARGE_GAPS == 0)


def yearly(columns: Arrays, weeks: np.ndarray, crowd: Crowd, settings: RankSettings) -> Arrays:
    """Return test 3, onset and loss of every installation, from the weekly means of all.

    `weeks` float32 (installation, week), the first weeks of the calendar. Adds `peer_percent`, what the peers
    did in the same last weeks. Source: specification 8.5, 14.6, 14.7.
    """
    windows = Windows(columns["begin_day"], columns["split_day"], columns["end_day"])
    count = weeks.shape[1]
    late = weeks_after(crowd.calendar, windows)[:, :count]
    early = weeks_before(crowd.calendar, windows)[:, :count]
    unchanged = weeks_unchanged(crowd.calendar, windows)[:, :count]
    change = homologous.year_on_year(weeks, columns["mean_before"], late, unchanged)
    usual = np.zeros_like(change)
    if settings.peer_adjust:
        known = np.where(rankable(columns)[:, None], change, np.nan)
        numbers, medians = homologous.peer_change(known, crowd.peers)
        usual = homologous.expected_change(crowd.peers, numbers, medians)
    adjusted = change - usual
    found = homologous.yearly_change(adjusted, early, late, settings.roll_weeks)
    return found | _since(columns, weeks, (adjusted, usual), (early, late), settings)


def _since(
    columns: Arrays,
    weeks: np.ndarray,
    changes: tuple[np.ndarray, np.ndarray],
    periods: tuple[np.ndarray, np.ndarray],
    settings: RankSettings,
) -> Arrays:
    """Return the onset week with its interval, the change of peers, and the energy missing since."""
    (adjusted, usual), (early, late) = changes, periods
    split = onset.best_split(np.where(early | late, adjusted, np.nan), late)
    week = np.where(split[:, 3] < 0, split[:, 0], np.nan)
    first = np.where(np.isnan(week), -1, np.nan_to_num(week)).astype(np.int64)
    expected = onset.expected_weeks(weeks.astype(np.float64), usual)
    last = late & (np.cumsum(late[:, ::-1], axis=1)[:, ::-1] <= settings.roll_weeks)
    peers = np.where(last, usual, 0).sum(axis=1) / np.maximum(last.sum(axis=1), 1)
    return {
        "onset_week": first,
        "onset_earliest": np.where(first < 0, -1, np.nan_to_num(split[:, 1], nan=-1)).astype(np.int64),
        "onset_latest": np.where(first < 0, -1, np.nan_to_num(split[:, 2], nan=-1)).astype(np.int64),
        "onset_step": split[:, 3],
        "peer_percent": percent_of(peers),
        "now_percent": _percent(weeks, last),
        "lost_kwh": onset.lost_kwh(weeks, expected, first, late),
    }


def _percent(weeks: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the change of the last weeks against those a year before, %, without shrinking."""
    now, then = weeks[:, YEAR_WEEKS:], weeks[:, :-YEAR_WEEKS]
    both = last[:, YEAR_WEEKS:] & ~np.isnan(now) & ~np.isnan(then)
    sums = np.where(both, now, 0).sum(axis=1), np.where(both, then, 0).sum(axis=1)
    return np.where(sums[1] > 0, 100 * (sums[0] / np.where(sums[1] > 0, sums[1], 1) - 1), np.nan)


def verdict(columns: Arrays, crowd: Crowd, scale: ShapeScale, settings: RankSettings) -> Verdict:
    """Tag, score and order installations whose columns already hold test 3 (from `yearly`)."""
    columns = columns | _derived(columns, crowd, settings)
    found = tags.make_tags(columns, scale, settings)
    factors = settings.factors.model_dump()
    gamma = settings.gamma if settings.completeness == "multiply" else 0.0
    score = scoring.score(found, factors, columns["completeness"], gamma)
    ranked = rankable(columns)
    ties = [found["scale_decrease"], columns["agreement"], columns["lost_kwh"]]
    key = score.final
    if settings.completeness == "sort_key":
        key, ties = np.round(key, 1), [columns["completeness"], *ties]
    order = scoring.order(key, ranked, ties, columns["installation_id"])
    return Verdict(columns, found, score, order, ranked)


def _derived(columns: Arrays, crowd: Crowd, settings: RankSettings) -> Arrays:
    """Return type, source, agreement, onset day, and whether a contract explains the change."""
    ratio, source = tags.main_ratio(columns, settings)
    kind = tags.change_type(ratio, settings)
    sees, made = tags.agreement(columns)
    first = crowd.calendar.first_day_of_weeks
    day = np.where((columns["onset_week"] >= 0) & (kind == 1), first + WEEK * columns["onset_week"], -1)
    explained = np.zeros(len(day), bool)
    near = np.abs(crowd.event_day - day[crowd.event_row]) <= EXPLAINED_DAYS
    explained[crowd.event_row[near & (day[crowd.event_row] >= 0)]] = True
    return {
        "trend_percent": percent_of(columns["t2_gap"]),
        "worst_percent": percent_of(columns["t3_worst"]),
        "main_ratio": ratio,
        "source": source,
        "type": kind,
        "agreement": sees,
        "tests": made,
        "onset_day": day,
        "contract_explained": explained,
        "lost_kwh": np.where(kind == 1, columns["lost_kwh"], 0.0),
    }


def significance(actual: Verdict, placebo: Verdict | None) -> tuple[np.ndarray, np.ndarray]:
    """Return p- and q-values of the ranked against the scores a year before; NaN without a placebo."""
    p = np.full(len(actual.ranked), np.nan)
    if placebo is not None and placebo.ranked.any():
        level, null = actual.columns["level"], placebo.score.final[placebo.ranked]
        rows = actual.ranked
        null_level = placebo.columns["level"][placebo.ranked]
        p[rows] = scoring.placebo_p(actual.score.final[rows], null, level[rows], null_level)
    return p, scoring.false_discovery(p)
