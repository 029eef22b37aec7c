"""Write JSON that every parser reads: null for what is not a number, plain values for all others."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def counted(number: int, name: str) -> str:
    """Write a number with what it counts, in the singular or the plural: 1 shard, 1,412 days."""
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"


def json_text(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON text; raise TypeError for a type that has no plain form."""
    return json.dumps(_plain(value), indent=indent, allow_nan=False)


def json_bytes(value: Any) -> bytes:
    """Return a value as the bytes of a JSON file for people and programs."""
    return (json_text(value, 1) + "\n").encode()


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that crocs wrote."""
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def _plain(value: Any) -> Any:
    """Return dicts, lists, texts, numbers and None in place of records, arrays, dates, paths and NaN."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = vars(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, dt.date | Path) else value
