"""Test 3: compare weeks and months with those of a year before, less the change of peers (paper, 3.3)."""

from __future__ import annotations

import numpy as np
from numba import prange

from crocs_cli.maths.compiled import parallel_kernel
from crocs_cli.maths.portable import LN_0_8, LN_0_9
from crocs_cli.screen.daily.aggregates import SHRINK, log_ratio
from crocs_cli.screen.daily.dates import YEAR_WEEKS

LEAST_WEEKS = 8
LEAST_NOISE = 0.1
LEAST_PEERS = 30
ALL = -1


def year_on_year(
    weeks: np.ndarray, mean_kwh: np.ndarray, after: np.ndarray, unchanged: np.ndarray
) -> np.ndarray:
    """Return ln of every week over the week 364 days before, float64 (installation, week).

    `weeks` (installation, week); `after`: which weeks lie in DS1, `unchanged`: which end before the reference
    date. A week of DS1 whose counterpart does not end before that date is compared with two years before. NaN
    without a counterpart. Source: specification 8.5.
    """
    installations, count = weeks.shape
    shrink = SHRINK * mean_kwh[:, None]
    change = np.full((installations, count), np.nan)
    energy = weeks.astype(np.float64)
    if count > YEAR_WEEKS:
        change[:, YEAR_WEEKS:] = log_ratio(energy[:, YEAR_WEEKS:], energy[:, :-YEAR_WEEKS], shrink)
        changed = np.zeros_like(after)
        changed[:, YEAR_WEEKS:] = after[:, YEAR_WEEKS:] & ~unchanged[:, :-YEAR_WEEKS]
        change[changed] = np.nan
        if count > 2 * YEAR_WEEKS:
            two = log_ratio(energy[:, 2 * YEAR_WEEKS :], energy[:, : -2 * YEAR_WEEKS], shrink)
            change[:, 2 * YEAR_WEEKS :] = np.where(
                changed[:, 2 * YEAR_WEEKS :], two, change[:, 2 * YEAR_WEEKS :]
            )
    return change


def peer_groups(groups: np.ndarray, levels: np.ndarray, least: int = 200) -> np.ndarray:
    """Number the peer groups: group and voltage level where large enough, else the group.

    Both int (installation,), group -1 unknown: then everybody. Groups under 30 also take everybody (-1).
    """
    joint = groups * 10 + levels
    joint = np.where(_sizes(joint) >= least, joint + 1_000, groups)
    return np.where((groups >= 0) & (_sizes(joint) >= LEAST_PEERS), joint, ALL)


def _sizes(labels: np.ndarray) -> np.ndarray:
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return counts[inverse.reshape(-1)]


def peer_change(change: np.ndarray, peers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the peer groups and their median change, float64 (group, week), NaN unknown.

    The first group is everybody, under the number -1.
    """
    numbers = np.unique(np.append(peers, ALL))
    members = [np.nonzero((peers == g) | (g == ALL))[0] for g in numbers]
    return numbers, np.array([_medians(change, rows) for rows in members])


@parallel_kernel
def _medians(change: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the median of every week over some installations."""
    found = np.full(change.shape[1], np.nan)
    for week in prange(change.shape[1]):
        column = np.empty(rows.size)
        n = 0
        for row in rows:
            if not np.isnan(change[row, week]):
                column[n] = change[row, week]
                n += 1
        if n > 0:
            found[week] = np.median(column[:n])
    return found


def expected_change(peers: np.ndarray, numbers: np.ndarray, medians: np.ndarray) -> np.ndarray:
    """Return the change of each one's peers, float64 (installation, week), 0 where unknown."""
    return np.nan_to_num(medians)[np.searchsorted(numbers, peers)]


@parallel_kernel
def rolling_means(change: np.ndarray, inside: np.ndarray, width: int) -> np.ndarray:
    """Return means of the last `width` weeks where the window lies inside; NaN with under 8 valid weeks.

    A period shorter than the width is one window that grows: its windows start at its first week.
    """
    found = np.full(change.shape, np.nan)
    for i in prange(len(change)):
        first = -1
        for week in range(change.shape[1]):
            if not inside[i, week]:
                first = -1
                continue
            first = week if first < 0 else first
            total, n = 0.0, 0
            for k in range(max(first, week - width + 1), week + 1):
                if not np.isnan(change[i, k]):
                    total += change[i, k]
                    n += 1
            if n >= LEAST_WEEKS:
                found[i, week] = total / n
    return found


def yearly_change(
    change: np.ndarray, before: np.ndarray, after: np.ndarray, width: int = 13
) -> dict[str, np.ndarray]:
    """Test the peer-adjusted change of every week against a year before.

    `change` float64 (installation, week); `before`, `after`: weeks of DS0, DS1. Returns, each
    (installation,): `t3_ratio` (median), `t3_last`, `t3_worst`, `t3_best` (13-week means, natural log),
    `t3_z` (last over the noise of the same means in DS0; the median noise of all where DS0 has no year
    before), `t3_weeks` matched, `t3_onset_run` (first week of the longest run 20 % below that ends in the
    worst window, -1 none). NaN with fewer than 8 matched weeks. Source: screening specification 8.5.
    """
    late = np.where(after, change, np.nan)
    matched = (~np.isnan(late)).sum(axis=1)
    enough = matched >= LEAST_WEEKS
    rolling = rolling_means(change, after, width)
    summary = _summaries(late, rolling, width)
    summary[~enough] = np.nan
    noise = placebo_noise(rolling_means(change, before, width))
    return {
        "t3_ratio": summary[:, 0],
        "t3_last": summary[:, 1],
        "t3_worst": summary[:, 2],
        "t3_best": summary[:, 3],
        "t3_z": summary[:, 1] / noise,
        "t3_weeks": matched,
        "t3_onset_run": np.where(np.isnan(summary[:, 4]), -1, summary[:, 4]).astype(np.int64),
    }


def placebo_noise(rolling: np.ndarray) -> np.ndarray:
    """Return the size of 13-week changes before the reference date, at least 0.1, float64 (installation,)."""
    count = (~np.isnan(rolling)).sum(axis=1)
    noise = np.sqrt(np.nansum(rolling**2, axis=1) / np.maximum(count, 1) + LEAST_NOISE**2)
    typical = np.median(noise[count > 0]) if (count > 0).any() else 2 * LEAST_NOISE
    return np.where(count > 0, noise, typical)


@parallel_kernel
def _summaries(late: np.ndarray, rolling: np.ndarray, width: int) -> np.ndarray:
    """Return median week; last, least, greatest rolling mean; start of the longest low run in the worst."""
    found = np.full((len(late), 5), np.nan)
    for i in prange(len(late)):
        weeks = np.nonzero(~np.isnan(rolling[i]))[0]
        if weeks.size == 0:
            continue
        values = rolling[i][weeks]
        worst = weeks[np.argmin(values)]
        row = late[i]
        found[i, 0] = np.median(row[~np.isnan(row)])
        found[i, 1], found[i, 2], found[i, 3] = values[-1], values.min(), values.max()
        longest, length, start = 0, 0, -1
        for week in range(worst + 1):
            if row[week] < LN_0_8:
                start = week if length == 0 else start
                length += 1
                if week > worst - width and length > longest:
                    longest = length
                    found[i, 4] = start
            elif not np.isnan(row[week]):
                length = 0
    return found


def yearly_month_change(after: np.ndarray, before: np.ndarray, mean_kwh: np.ndarray) -> dict[str, np.ndarray]:
    """Compare the months of DS1 with the same months a year before.

    Both float64 (installation, month of the run), NaN outside their period. Returns `t3_months` (mean natural
    log) and `t3_months_down` (months 10 % or more below).
    """
    change = log_ratio(after[:, 12:], before[:, :-12], SHRINK * mean_kwh[:, None])
    known = ~np.isnan(change)
    mean = np.nansum(change, axis=1) / np.maximum(known.sum(axis=1), 1)
    return {
        "t3_months": np.where(known.any(axis=1), mean, np.nan),
        "t3_months_down": (known & (change < LN_0_9)).sum(axis=1),
    }
