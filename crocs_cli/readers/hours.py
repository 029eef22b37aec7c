"""Read stamps given as a date and the running number of the hour in the local day."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as compute

from crocs_cli.errors import CrocsError
from crocs_cli.maths.readings.clock import day_lengths_s, utc_from_midnight
from crocs_cli.readers.readings import Dialect
from crocs_cli.readers.stamps import DAY_S, dates
from crocs_cli.readers.table import Part


def instants(part: Part, dialect: Dialect) -> np.ndarray:
    """Return the stamps (n,) int64 in UTC of rows with a date and a running number.

    Number 1 is the interval from local midnight. Raises CrocsError for a number that the day does not have.
    """
    column, name = dialect.date or dialect.time, dialect.hour or ""
    day = dates(part.columns[column], dialect.stamp_format, column, part.place) // DAY_S
    number = _numbers(part, name)
    days = np.unique(day)
    length_s = np.array([day_lengths_s(int(one), 1, dialect.timezone)[0] for one in days], dtype=np.int64)
    last = (length_s // dialect.interval_s)[np.searchsorted(days, day)]
    wrong = np.flatnonzero((number < 1) | (number > last))
    if len(wrong):
        row = int(wrong[0])
        raise CrocsError(
            f"{part.place(row)}: {name} {number[row]} of a day of {last[row]} in {dialect.timezone}; set "
            "ingest.timezone, or ingest.columns.time for hours of the clock"
        )
    later = number - (dialect.stamp != "end")
    return utc_from_midnight(day, dialect.timezone) + later * dialect.interval_s


def _numbers(part: Part, name: str) -> np.ndarray:
    """Return the running numbers (n,) int64 of a column of texts such as 1, 01 or 01:00."""
    texts = part.columns[name].dictionary_encode()
    bare = compute.replace_substring_regex(compute.utf8_trim_whitespace(texts.dictionary), "(:00|\\.0)$", "")
    fits = compute.match_substring_regex(bare, r"^\d{1,3}$").to_numpy(zero_copy_only=False)
    where = texts.indices.to_numpy()
    if not fits.all():
        row = int(np.flatnonzero(~fits[where])[0])
        text = str(part.columns[name][row])[:40]
        raise CrocsError(f"{part.place(row)}: {name} {text!r} is not the number of an hour, 1 to 25")
    return np.array([int(text) for text in bare.to_pylist()], dtype=np.int64)[where]
