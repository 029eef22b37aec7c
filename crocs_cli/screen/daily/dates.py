"""Calendar of a screening, and the two periods around the reference date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from crocs_cli.maths.readings.clock import day_lengths_s
from crocs_cli.maths.readings.days import EPOCH

WEEK = 7
YEAR_WEEKS = 52  # 364 days: the same weekdays a year before
MONTH_DAYS = np.array(
    [31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
)  # fixed: leap years give one vector
YEAR_DAYS = 365.25


@dataclass(frozen=True)
class Calendar:
    """`days` local calendar days from `start`, which is day 0."""

    start: dt.date
    days: int

    @cached_property
    def dates(self) -> np.ndarray:
        """Dates, datetime64[D], shape (day,)."""
        return np.datetime64(self.start, "D") + np.arange(self.days)

    @cached_property
    def weekday(self) -> np.ndarray:
        """Weekday of every day, 0 Monday to 6 Sunday, int8."""
        return ((self.dates.astype(np.int64) + 3) % WEEK).astype(np.int8)

    @cached_property
    def month(self) -> np.ndarray:
        """Calendar month of every day, 0 January to 11 December, int8."""
        return (self.dates.astype("datetime64[M]").astype(np.int64) % 12).astype(np.int8)

    @property
    def weeks(self) -> int:
        """Whole weeks, counted back from the last day, so that the newest days are never left out."""
        return self.days // WEEK

    @property
    def first_day_of_weeks(self) -> int:
        """Day on which week 0 starts: the days before it fill no week."""
        return self.days - WEEK * self.weeks

    def week_start(self) -> np.ndarray:
        """First day of every week, int64, shape (week,)."""
        return self.first_day_of_weeks + WEEK * np.arange(self.weeks)

    def day_of(self, date: dt.date) -> int:
        """Day number of a date (may lie outside)."""
        return (date - self.start).days

    def date_of(self, day: int) -> dt.date:
        """Date of a day number."""
        return self.start + dt.timedelta(days=int(day))

    def months_in_weeks(self) -> np.ndarray:
        """Return the fraction of every week's days in each calendar month, float64 (month, week)."""
        month = self.month[self.first_day_of_weeks :].reshape(self.weeks, WEEK)
        return np.stack([(month == m).mean(axis=1) for m in range(12)])


@dataclass(frozen=True)
class Windows:
    """The two periods of every installation: DS0 is days begin..split-1, DS1 is days split..end-1.

    Three int64 arrays of shape (installation,).
    """

    begin: np.ndarray
    split: np.ndarray
    end: np.ndarray

    def earlier(self, days: int) -> Windows:
        """Return the same windows moved back in time, as far as there is data."""
        return Windows(np.maximum(self.begin - days, 0), self.split - days, self.end - days)

    def limited(self, longest_before: int) -> Windows:
        """Return windows whose DS0 is at most so many days long."""
        return replace(self, begin=np.maximum(self.begin, self.split - longest_before))


def whole_windows(calendar: Calendar, installations: int, split: int, longest_before: int) -> Windows:
    """Return windows over the calendar with one split day for all installations."""
    days = (0, split, calendar.days)
    return Windows(*(np.full(installations, day, np.int64) for day in days)).limited(longest_before)


def default_split(days: int) -> int:
    """Return the default reference day: 365 days before the end, but at least 365 from the start.

    Source: screening specification 8.1.
    """
    return days - 365 if days >= 730 else min(365, days)


def intervals_of_days(calendar: Calendar, zone: str, minutes: int = 15) -> np.ndarray:
    """Return the intervals of every day, int64 (day,): 96 of 15 min, 92 or 100 when the clock changes."""
    first = (calendar.start - EPOCH).days
    return day_lengths_s(first, calendar.days, zone) // (60 * minutes)
