"""The specification of one kind of HDF5 file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Offsets(NamedTuple):
    """An axis with one entry more than the named one: where the rows of each owner begin, and the end."""

    of: str

    def __str__(self) -> str:
        return f"{self.of}+1"


Axes = tuple[str | Offsets, ...]


@dataclass(frozen=True)
class Layout:
    """One kind of file: its name, its version, and its arrays as {name: (dtype, axes)}.

    The dtype `text` is UTF-8. `made_by` names the command that makes such a file, for messages. `since` says
    what became of files of an earlier version, where there are any. Version 0 is a kind that is made no more.
    `notes` says what each array holds, for the guide `run-directory`.
    For programs that read HDF5 by the names of its axes (xarray, netCDF): `units` of arrays by name, and
    `spans`, the axes that divide a range evenly, as {axis: (length of the range, its unit, its name)}.
    """

    format: str
    version: int
    made_by: str
    arrays: Mapping[str, tuple[str, Axes]]
    since: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    spans: Mapping[str, tuple[float, str, str]] = field(default_factory=dict)

    @property
    def cure(self) -> str:
        """The cure for a file that must be made again: no message asks a user to remove data."""
        return f"move it elsewhere and run `{self.made_by}` again"
