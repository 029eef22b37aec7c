"""Read Ausgrid solar homes: one row per customer, day and channel, 48 columns named by interval ends.

Net demand is general consumption (GC) plus controlled load (CL) less gross generation (GG), as in the paper
(section 5). A row whose quality is not blank holds estimates. A row with a field too few, as there is one in
Ausgrid's own sample, makes its day incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.stamps import dates
from crocs_cli.readers.tables import open_table
from crocs_cli.readers.wide import slot_columns, unrolled

CONSUMER, DATE, CATEGORY, QUALITY = "Customer", "date", "Consumption Category", "Row Quality"
SIGNS = {"GC": 1.0, "CL": 1.0, "GG": -1.0}
FORMATS = ("%d/%m/%Y", "%d-%b-%y")  # from July 2011; the year before


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a file, generation as negative values, each category as a channel."""
    table = open_table(path, dialect.writing, title_lines=1, keeps_ragged=True)
    slots = slot_columns(table, dialect)
    kinds = {CONSUMER: "id", DATE: "text", CATEGORY: "text", QUALITY: "text"}
    for part in table.read({**kinds, **dict.fromkeys(slots, "number")}):  # type: ignore[dict-item]
        category = part.columns[CATEGORY].to_numpy(zero_copy_only=False)
        unknown = np.flatnonzero(~np.isin(category, list(SIGNS)))
        if len(unknown):
            raise CrocsError(
                f"{part.place(int(unknown[0]))}: category {category[unknown[0]]!r} is none of GC, CL, GG"
            )
        form = dialect.stamp_format or FORMATS["-" in str(part.columns[DATE][0])]
        midnight_s = dates(part.columns[DATE], form, DATE, part.place)
        rolled = unrolled(part, part.columns[CONSUMER], midnight_s, slots)
        sign = np.array([SIGNS[name] for name in category])
        channel = np.array([list(SIGNS).index(name) for name in category], dtype=np.uint8)
        estimated = part.columns[QUALITY].to_numpy(zero_copy_only=False) != ""
        yield Readings(
            rolled.consumer,
            rolled.time_s,
            rolled.value * np.repeat(sign, len(slots)),
            np.repeat(channel, len(slots)),
            np.repeat(estimated, len(slots)),
        )
