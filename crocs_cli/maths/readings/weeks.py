"""Join used days to weeks, Monday to Sunday; a week that lacks a day is not used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from crocs_cli.maths.readings.assemble import Days
from crocs_cli.maths.readings.quality import COUNTS

DAYS = 7
MONDAY = 4  # 1970-01-05: the remainder of a Monday's number


def in_weeks(days: Days) -> Days:
    """Return the whole weeks of some meters, each under the date of its Monday, with 7 times the slots.

    days: in the order of meter and date.
    The counts stay those of days; one more column counts those of weeks that are not whole, which are no
    longer among the days used.
    """
    monday = days.date - (days.date - MONDAY) % DAYS
    begins = np.flatnonzero(np.append(True, (np.diff(monday) != 0) | (np.diff(days.meter) != 0)))
    count = np.diff(np.append(begins, len(monday))) if len(monday) else np.zeros(0, dtype=np.int64)
    part = np.repeat(count < DAYS, count)
    chosen = np.flatnonzero(~part)
    energy = days.energy_kwh[chosen]
    chosen = chosen[::DAYS]
    left_out = np.bincount(days.meter[part], minlength=len(days.quality))
    quality = np.column_stack([days.quality, left_out])
    quality[:, COUNTS.index("days_used")] -= left_out
    return replace(
        days,
        meter=days.meter[chosen],
        date=monday[chosen],
        energy_kwh=energy.reshape(len(chosen), DAYS * energy.shape[1]),
        quality=quality,
    )
