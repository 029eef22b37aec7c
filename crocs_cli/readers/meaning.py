"""Read the columns of direction and quality: which rows count, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from crocs_cli.errors import CrocsError
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.table import Kind, Part

MOST_SHOWN = 12


@dataclass(frozen=True)
class Meaning:
    """Meaning of some rows; a field is None where no column says it.

    kept: (n,) bool, rows that count at all; sign: (n,) float64; channel: (n,) uint8, one a value of the
    column of directions; estimated, invalid: (n,) bool.
    """

    kept: np.ndarray | None = None
    sign: np.ndarray | None = None
    channel: np.ndarray | None = None
    estimated: np.ndarray | None = None
    invalid: np.ndarray | None = None

    def repeated(self, times: int) -> Meaning:
        """Return the same of rows with several readings each."""
        return Meaning(*(None if a is None else np.repeat(a, times) for a in vars(self).values()))

    def applied(self, readings: Readings) -> Readings:
        """Return readings (n,) as they are meant, without those that do not count."""
        value, is_utc = readings.value, readings.is_utc
        value = value if self.sign is None else value * self.sign
        value = value if self.invalid is None else np.where(self.invalid, np.nan, value)
        meant = replace(readings, value=value, channel=self.channel, estimated=self.estimated)
        if self.kept is None or self.kept.all():
            return meant
        kept = self.kept
        return Readings(
            readings.consumer.filter(pa.array(kept)),
            readings.time_s[kept],
            value[kept],
            None if self.channel is None else self.channel[kept],
            None if self.estimated is None else self.estimated[kept],
            is_utc=is_utc[kept] if isinstance(is_utc, np.ndarray) else is_utc,
        )


def columns(dialect: Dialect) -> tuple[dict[str, Kind], dict[str, str]]:
    """Return ({column: kind}, {column: the setting that names it}) of the columns of meaning."""
    named = {
        column: f"ingest.columns.{setting}"
        for setting, column in (("direction", dialect.direction), ("quality", dialect.quality))
        if column is not None
    }
    return dict.fromkeys(named, "text"), named


def meaning(part: Part, dialect: Dialect, path: Path) -> Meaning:
    """Return what the rows of a part mean; raise CrocsError for values without a meaning."""
    kept = sign = channel = estimated = invalid = None
    if dialect.direction is not None:
        means = _looked_up(part, dialect.direction, dialect.directions, "direction", path)
        counted = [value for value, action in dialect.directions.items() if action != "drop"]
        number = {value: number for number, value in enumerate(counted)}
        values = [value.strip() for value in means.dictionary.to_pylist()]
        where = means.indices.to_numpy()
        actions = np.array([dialect.directions[value] for value in values], dtype="U8")[where]
        kept = actions != "drop"
        sign = np.where(actions == "subtract", -1.0, 1.0)
        channel = np.array([number.get(value, 0) for value in values], dtype=np.uint8)[where]
    if dialect.quality is not None:
        means = _looked_up(part, dialect.quality, dialect.qualities, "quality", path)
        values = [dialect.qualities[value.strip()] for value in means.dictionary.to_pylist()]
        quality = np.array(values, dtype="U9")[means.indices.to_numpy()]
        estimated, invalid = quality == "estimated", quality == "invalid"
    return Meaning(kept, sign, channel, estimated, invalid)


def _looked_up(
    part: Part, column: str, known: Mapping[str, str], setting: str, path: Path
) -> pa.DictionaryArray:
    """Return a column as a dictionary of values that all have a meaning."""
    texts = compute.fill_null(part.columns[column], "").dictionary_encode()
    values = [value.strip() for value in texts.dictionary.to_pylist()]
    unknown = sorted({value for value in values if value not in known})
    if unknown:
        shown = ", ".join(repr(value[:40]) for value in unknown[:MOST_SHOWN])
        words = {"direction": "add, subtract or drop", "quality": "measured, estimated or invalid"}[setting]
        raise CrocsError(
            f"{path}: column {column!r} holds {shown}; say with ingest.{setting} what each means: {words}"
        )
    return texts
