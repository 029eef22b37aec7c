"""Measure a shard on its own: features of DS0, classes, distances, tests 1 and 2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.portable import product
from crocs_cli.maths.readings.days import public_holidays
from crocs_cli.screen.changes import average, trend
from crocs_cli.screen.changes.homologous import yearly_month_change
from crocs_cli.screen.daily import filters, gaps
from crocs_cli.screen.daily.aggregates import month_means, week_means, weeks_after, weeks_before
from crocs_cli.screen.daily.dates import WEEK, YEAR_WEEKS, Calendar, Windows
from crocs_cli.screen.daily.series import Series, testable
from crocs_cli.screen.patterns import features
from crocs_cli.screen.patterns.classify import common_months, shape_distance
from crocs_cli.screen.patterns.features import Period
from crocs_cli.screen.ranking import scoring
from crocs_cli.screen.ranking.model import Model
from crocs_cli.screen.settings import FilterSettings, RankSettings

Arrays = dict[str, np.ndarray]
QUALITY_BITS = 6
CONSISTENT_CV = 0.35
HIGH_CLASS = 3  # classes 4 and 5 of 5


@dataclass(frozen=True)
class View:
    """Measures of one period of a shard: sums, shares, and the columns of the filters."""

    period: Period
    week: np.ndarray
    month: np.ndarray
    observed: np.ndarray
    log_energy: np.ndarray
    columns: Arrays


def look(
    series: Series, begin: np.ndarray, end: np.ndarray, limits: FilterSettings, weekday: np.ndarray
) -> View:
    """Measure days begin..end-1 of each installation."""
    period = features.summarise(series.kwh, series.calendar, begin, end, limits.low_fraction, weekday)
    observed = features.observed_months(period)
    week, month = features.week_shares(period), features.month_shares(period, observed)
    year = features.year_kwh(period, observed)
    whole = np.where(observed.all(axis=1, keepdims=True), month, np.nan)
    columns = gaps.gap_statistics(series.kwh, begin, end)
    columns |= {name: getattr(period, name) for name in PERIOD_COLUMNS}
    columns |= {"week_share": week, "month_share": whole, "year_kwh": year}
    return View(period, week, month, observed, features.log_energy(year), columns)


PERIOD_COLUMNS = ("days", "mean_kwh", "cv", "low_share", "zero_share", "p10", "p50", "p90", "month_days")


def describe(series: Series, windows: Windows, limits: FilterSettings, weekday: np.ndarray) -> Arrays:
    """Return the arrays of a features file, from which the model is fitted."""
    view = look(series, windows.begin, windows.split, limits, weekday)
    expected = gaps.inside(series.calendar.days, windows.begin, windows.split)
    intervals, usual = series.arrays["intervals"], series.arrays["expected_intervals"]
    short = np.full(len(series), -1)
    if len(intervals):
        short = gaps.short_days(intervals, usual, windows.begin, windows.split)
    week_null, month_null = honest_distances(series, windows, limits, weekday)
    quality = series.arrays["quality"]
    return view.columns | {
        "installation_id": series.arrays["installation_id"],
        "level": series.arrays["level"],
        "begin_day": windows.begin,
        "split_day": windows.split,
        "short_days": short,
        "log_energy": view.log_energy,
        "week_null": week_null,
        "month_null": month_null,
        "gap_length_count": gaps.gap_lengths(np.isnan(series.kwh) & expected),
        "quality_count": np.stack(
            [((quality >> bit) & 1).sum(axis=1) for bit in range(QUALITY_BITS)], axis=1
        ),
    }


def honest_distances(
    series: Series, windows: Windows, limits: FilterSettings, weekday: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the shape distances by week and month between two parts of DS0, float64 (installation,).

    Its two years where it has two; else its odd and even weeks, which know of no change from year to year.
    """
    begin, split = windows.begin, windows.split
    middle = split - YEAR_WEEKS * WEEK
    two_years = (middle - begin >= YEAR_WEEKS * WEEK - WEEK)[:, None]
    day = np.arange(series.calendar.days)
    earlier = np.where(two_years, day < middle[:, None], (day // WEEK) % 2 == 0)
    parts = []
    for part in (earlier, ~earlier):
        masked = Series(series.calendar, series.arrays | {"energy_kwh": np.where(part, series.kwh, np.nan)})
        parts.append(look(masked, begin, split, limits, weekday))
    months = common_months(parts[0].month, parts[1].month, parts[0].observed & parts[1].observed, 3)
    return shape_distance(parts[0].week, parts[1].week), shape_distance(*months)


def assess(
    series: Series,
    windows: Windows,
    model: Model,
    limits: FilterSettings,
    settings: RankSettings,
    weekday: np.ndarray,
) -> Arrays:
    """Return the arrays of a changes file: filters, classes, distances, tests 1 and 2."""
    before = look(series, windows.begin, windows.split, limits, weekday)
    after = look(series, windows.split, windows.end, limits, weekday)
    found = _filtered(series, windows, model, limits, (before, after))
    bits = found["filters_before"] | found["filters_after"] & ~np.int16(filters.CONTRACT)
    found |= _compared(series.arrays["level"], model, settings, (before, after), bits)
    found |= _tested(series, windows, model, settings, (before, after), found["month_class_before"])
    mean = before.period.mean_kwh
    stopped = scoring.ceased(series.kwh, mean, windows.end)
    top = found["scale_class_before"] >= HIGH_CLASS
    week_cv = _cv(np.where(weeks_before(series.calendar, windows), found["weeks"], np.nan))
    return found | {
        "installation_id": series.arrays["installation_id"],
        "level": series.arrays["level"],
        "begin_day": windows.begin,
        "split_day": windows.split,
        "end_day": windows.end,
        "ceased": stopped,
        "ceased_day": np.where(stopped, _last_ordinary_day(series.kwh, mean, windows.end) + 1, -1),
        "consistent_high": top & (week_cv <= CONSISTENT_CV),
    }


def _filtered(
    series: Series, windows: Windows, model: Model, limits: FilterSettings, views: tuple[View, View]
) -> Arrays:
    """Return filters of both periods, completeness, and the measures of each period."""
    before, after = views
    quartile = model.first_quartile[series.arrays["level"]]
    bits_before = filters.label(before.columns, quartile, limits)
    bits_after = filters.label(after.columns, quartile, limits, is_before=False)
    fell = (bits_after & filters.LOW_CONSUMPTION > 0) & (bits_before & filters.LOW_CONSUMPTION == 0)
    cut = ~testable(windows, limits)
    bits_before = bits_before | np.where(cut, filters.CONTRACT, 0)
    columns = {"filters_before": bits_before, "filters_after": bits_after | np.where(fell, filters.CEASED, 0)}
    for name, source in (("mean", "mean_kwh"), ("cv", "cv"), ("low_share", "low_share")):
        columns |= {f"{name}_before": before.columns[source], f"{name}_after": after.columns[source]}
    for name in ("zero_share", "gap_share", "days"):
        columns |= {f"{name}_before": before.columns[name], f"{name}_after": after.columns[name]}
    least = np.maximum(columns["gap_share_before"], columns["gap_share_after"])
    return columns | {"completeness": 1 - least}


def _compared(
    level: np.ndarray, model: Model, settings: RankSettings, views: tuple[View, View], bits: np.ndarray
) -> Arrays:
    """Return classes of both periods and distances between them, where filters allow it."""
    before, after = views
    both = before.observed & after.observed
    months = common_months(before.month, after.month, both, settings.months_min_distance)
    class_months = common_months(before.month, after.month, both, settings.months_min_class)
    energy = before.log_energy[:, None], after.log_energy[:, None]
    columns: Arrays = {"months_compared": both.sum(axis=1)}
    for feature, pair in (("week", (before.week, after.week)), ("month", class_months), ("scale", energy)):
        # whether there are months enough is decided by those in common, not by a whole year
        inside = filters.clusterable(bits & ~np.int16(filters.MONTH_NOT_TESTABLE), feature)
        shares = [np.where(inside[:, None], values, np.nan) for values in pair]
        found = model.compare(feature, level, shares[0], shares[1], settings.assign)
        columns |= {f"{feature}_{name}": values for name, values in vars(found).items()}
    for feature, (first, second) in (("week", (before.week, after.week)), ("month", months)):
        distance = shape_distance(first, second)
        euclidean = np.sqrt(np.nansum((second - first) ** 2, axis=1))
        columns |= {
            f"{feature}_distance": distance,
            f"{feature}_euclidean": np.where(np.isnan(distance), np.nan, euclidean),
            f"{feature}_change": second - first,
        }
    return columns


def _tested(
    series: Series,
    windows: Windows,
    model: Model,
    settings: RankSettings,
    views: tuple[View, View],
    month_class: np.ndarray,
) -> Arrays:
    """Return tests 1 and 2, the months of test 3, and the weekly means that test 3 needs."""
    calendar, mean = series.calendar, views[0].period.mean_kwh
    weeks = week_means(series.kwh, calendar)
    early, late = weeks_before(calendar, windows), weeks_after(calendar, windows)
    season = trend.seasonal_index(views[0].period, model.month_prototypes(), month_class)
    y = trend.deseasonalise(weeks, mean, product(season, calendar.months_in_weeks()))
    months_before = month_means(series.kwh, calendar, windows.begin, windows.split)
    months_after = month_means(series.kwh, calendar, windows.split, windows.end)
    parted = np.where(early, weeks, np.nan), np.where(late, weeks, np.nan)
    calendar_month = (calendar.start.month - 1 + np.arange(months_after.shape[1])) % 12
    return (
        {"weeks": weeks}
        | average.average_change(views[0].period, views[1].period, parted)
        | trend.trend_change(y, early, late, settings.trend_clip)
        | trend.month_change(months_after, mean, season[:, calendar_month])
        | yearly_month_change(months_after, months_before, mean)
    )


def _cv(weeks: np.ndarray) -> np.ndarray:
    known = ~np.isnan(weeks)
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.nansum(weeks, axis=1) / count
    spread = np.sqrt(np.nansum((weeks - mean[:, None]) ** 2, axis=1) / count)
    return np.where(mean > 0, spread / np.where(mean > 0, mean, 1), np.inf)


def _last_ordinary_day(kwh: np.ndarray, mean_kwh: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the last day with at least a tenth of the mean before, -1 without any."""
    day = np.arange(kwh.shape[1])
    ordinary = (kwh >= 0.10 * mean_kwh[:, None]) & (day < end[:, None])
    return np.where(ordinary.any(axis=1), kwh.shape[1] - 1 - ordinary[:, ::-1].argmax(axis=1), -1)


def weekdays(calendar: Calendar, holidays: str, country: str) -> np.ndarray:
    """Return the weekday of each day; that of a holiday may be Sunday, or none (-1)."""
    weekday = calendar.weekday.copy()
    if holidays != "ignore":
        first = int(calendar.dates[0].astype(int))
        days = public_holidays(country, first, first + calendar.days - 1) - first
        weekday[days[(days >= 0) & (days < calendar.days)]] = 6 if holidays == "as_sunday" else -1
    return weekday
