"""The formats that crocs reads, and what is known of each before its readings are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from crocs_cli.readers import (
    ausgrid,
    cer,
    greenbutton,
    lcl,
    long,
    matrix,
    nem12,
    opower,
    sgcc,
    sgsc,
    wide,
)
from crocs_cli.readers.readings import Dialect, Readings

PRESETS = ("unit", "stamp", "timezone", "interval")


@dataclass(frozen=True)
class Format:
    """A reader and its presets, which the user's settings override.

    A preset may depend on a file: a function of its path. A time zone of None must be said by the user. Where
    `generic`, only the user knows what stamps and numbers mean; where `own_unit`, the files say their unit.
    """

    read: Callable[[Path, Dialect], Iterator[Readings]]
    stamp: str = "start"
    timezone: str | Callable[[Path], str] | None = "UTC"
    interval_min: int | Callable[[Path], int] = 30
    generic: bool = False
    own_unit: bool = False

    def presets(self, path: Path, wanted: Collection[str] = PRESETS) -> dict[str, str | int | None]:
        """Return the wanted presets for files like this one, by the names of their settings.

        The file is asked for those only: what the user has named need not stand in it.
        """
        known = dict(zip(PRESETS, ("kWh", self.stamp, self.timezone, self.interval_min), strict=True))
        found = {name: known[name] for name in wanted}
        return {name: value(path) if callable(value) else value for name, value in found.items()}


FORMATS = {
    "long": Format(long.read, generic=True),
    "wide": Format(wide.read, generic=True),
    "matrix": Format(matrix.read, generic=True),
    "sgsc": Format(sgsc.read, stamp="end", timezone="+10:00"),
    "lcl": Format(lcl.read, stamp="end"),
    "ausgrid": Format(ausgrid.read, stamp="end", timezone="+10:00"),
    "nem12": Format(nem12.read, timezone="+10:00", own_unit=True),
    "greenbutton": Format(
        greenbutton.read, timezone=greenbutton.clock, interval_min=greenbutton.interval_min, own_unit=True
    ),
    "cer": Format(cer.read, timezone=cer.TIMEZONE),
    "opower": Format(opower.read, stamp="end", timezone=None),
    "sgcc": Format(sgcc.read, timezone="+08:00", interval_min=1440),
}
