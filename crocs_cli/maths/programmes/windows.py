"""Windows of the clock, such as 17:00-20:00, and the slots of a day inside them."""

from __future__ import annotations

import re

import numpy as np

DAY_MIN = 1440
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def minutes_of(text: str) -> tuple[int, int]:
    """Return the start and the end of a window such as 17:00-20:00 in minutes after midnight.

    The end is after the start; that of a window over midnight, such as 22:00-02:00, is above 1440. Raises
    ValueError for another text, and for a window without length.
    """
    found = _WINDOW.fullmatch(text.strip())
    if found is None:
        raise ValueError("write a window as 17:00-20:00")
    hours = [int(part) for part in found.groups()]
    start, end = 60 * hours[0] + hours[1], 60 * hours[2] + hours[3]
    if end > DAY_MIN or start == end:
        raise ValueError("a window begins and ends within a day, and has a length; such as 17:00-20:00")
    return start, end if end > start else end + DAY_MIN


def slots_of(text: str, slots: int) -> np.ndarray:
    """Return which slots of a day are inside a window: (slots,) bool.

    A window over midnight has the last slots of a day and the first ones of the same day. Raises ValueError
    where it begins or ends within a slot.
    """
    start, end = minutes_of(text)
    length = DAY_MIN // slots
    if start % length or end % length:
        raise ValueError(f"{text} begins or ends within a slot of {length} min; use times between slots")
    inside = np.zeros(slots, dtype=bool)
    inside[np.arange(start // length, end // length) % slots] = True
    return inside
