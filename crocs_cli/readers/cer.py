"""Read the Irish smart-metering trial (CER, ISSDA 0012-00): meter, day and half-hour in one code, kWh.

A code is ddd and hh: day 1 is 2009-01-01, half-hour 1 begins at midnight on the local clock. On the day on
which daylight saving ends half-hours count on to 50, so that 5 and 6 are the second hour after one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.readings.clock import DAY_S, day_lengths_s
from crocs_cli.maths.readings.days import day_number
from crocs_cli.readers.long import numbers
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.tables import open_table

DAY_BEFORE = day_number(dt.date(2008, 12, 31))
TIMEZONE = "Europe/Dublin"
_HALF_HOUR_S, _LAST_DAY = 1800, 999
_BEFORE_THE_SECOND_HOUR = 4


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a file of the trial, which has no header."""
    table = open_table(path, dialect.writing, names=("meter", "code", "kWh"), separator=" ")
    longer = day_lengths_s(DAY_BEFORE, _LAST_DAY + 1, TIMEZONE) > DAY_S
    for part in table.read({"meter": "id", "code": "number", "kWh": "number"}):
        code = numbers(part.columns["code"])
        wrong = np.flatnonzero(~((code >= 101) & (code % 100 >= 1) & (code % 100 <= 50) & (code < 100_000)))
        if len(wrong):
            row = int(wrong[0])
            raise CrocsError(
                f"{part.place(row)}: code {code[row]:g} is not ddd and a half-hour from 01 to 50"
            )
        day, half_hour = np.divmod(code.astype(np.int64), 100)
        half_hour -= np.where(longer[day] & (half_hour > _BEFORE_THE_SECOND_HOUR), 3, 1)
        time_s = (DAY_BEFORE + day) * DAY_S + half_hour * _HALF_HOUR_S
        yield Readings(part.columns["meter"], time_s, numbers(part.columns["kWh"]))
