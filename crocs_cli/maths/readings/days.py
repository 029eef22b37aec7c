"""Choose days: ranges, kinds of day, seasons, lists."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np

from crocs_cli.errors import CallError

EPOCH = dt.date(1970, 1, 1)
WANTED, OUTSIDE, OTHER_TYPE = 0, 1, 2
_FIRST_MONTH = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}  # of the northern hemisphere


@dataclass(frozen=True)
class DaysWanted:
    """A choice of days; days are numbers since 1970-01-01.

    `kind` is all, weekdays, weekends or workdays; `country` such as AU or AU-NSW says whose holidays are no
    workdays; `months` and `listed` choose nothing when empty.
    """

    first: int | None = None
    last: int | None = None
    kind: str = "all"
    country: str | None = None
    months: tuple[int, ...] = ()
    listed: frozenset[int] = field(default_factory=frozenset)

    def verdicts(self, first_day: int, count: int) -> np.ndarray:
        """Return WANTED, OUTSIDE or OTHER_TYPE for each of `count` days from a first one: (count,) int8."""
        days = first_day + np.arange(count)
        verdict = np.where(self._of_kind(days), WANTED, OTHER_TYPE)
        outside = np.zeros(count, dtype=bool)
        if self.first is not None:
            outside |= days < self.first
        if self.last is not None:
            outside |= days > self.last
        if self.listed:
            outside |= ~np.isin(days, list(self.listed))
        return np.where(outside, OUTSIDE, verdict).astype(np.int8)

    def _of_kind(self, days: np.ndarray) -> np.ndarray:
        weekend = (days + 3) % 7 >= 5  # 1970-01-01 was a Thursday
        chosen = np.ones(len(days), dtype=bool)
        if self.kind in ("weekdays", "workdays"):
            chosen &= ~weekend
        if self.kind == "weekends":
            chosen &= weekend
        if self.kind == "workdays" and len(days):
            chosen &= ~np.isin(days, public_holidays(self.country or "", int(days[0]), int(days[-1])))
        if self.months:
            month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
            chosen &= np.isin(month, self.months)
        return chosen


def day_number(date: dt.date) -> int:
    """Return the days since 1970-01-01."""
    return (date - EPOCH).days


def season_months(season: str, hemisphere: str) -> tuple[int, ...]:
    """Return the months of a meteorological season; summer begins in June north, in December south."""
    first = _FIRST_MONTH[season] + (0 if hemisphere == "north" else 6)
    return tuple((first + i - 1) % 12 + 1 for i in range(3))


def public_holidays(country: str, first_day: int, last_day: int) -> np.ndarray:
    """Return the public holidays of a country or country-state in a span of days: (n,) int64.

    Raises CallError for a place of which the library `holidays` knows nothing.
    """
    import holidays  # half a second, and only workdays need it

    name, _, state = country.partition("-")
    years = range((EPOCH + dt.timedelta(first_day)).year, (EPOCH + dt.timedelta(last_day)).year + 1)
    try:
        found = holidays.country_holidays(name, subdiv=state or None, years=years)
    except NotImplementedError as error:
        raise CallError(
            f"ingest.holidays: no holidays are known of {country!r}; use AU or AU-NSW, say"
        ) from error
    return np.array([day_number(date) for date in found], dtype=np.int64)
