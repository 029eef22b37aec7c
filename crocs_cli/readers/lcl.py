"""Low Carbon London: the two layouts in which the trial's half-hourly readings were published.

Stamps are GMT all year and name the interval's end. "Null" stands for no reading; a few stamps lie off the
half-hour grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from crocs_cli.errors import CrocsError
from crocs_cli.readers.long import numbers
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.stamps import seconds
from crocs_cli.readers.tables import open_table

LAYOUTS = (("tstp", "energy(kWh/hh)"), ("DateTime", "KWH/hh (per half hour)"))


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a file of the trial."""
    table = open_table(path, dialect.writing)
    found = [layout for layout in LAYOUTS if set(layout) <= set(table.names)]
    if not found:
        raise CrocsError(
            f"{path}: no columns {LAYOUTS[0]} or {LAYOUTS[1]}; is this a Low Carbon London file?"
        )
    time, energy = found[0]
    for part in table.read({"LCLid": "id", time: "stamp", energy: "number"}):
        time_s, is_utc = seconds(part.columns[time], time, part.place)
        yield Readings(part.columns["LCLid"], time_s, numbers(part.columns[energy]), is_utc=is_utc)
