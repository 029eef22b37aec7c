"""What the report of weeks and events shows: records, without words and pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.report import words
from crocs_cli.report.facts import Member


@dataclass(frozen=True)
class Behaviour:
    """What members of a segment share: profiles (slots,), and the shares of its consumers and profiles."""

    name: str
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    medoid: np.ndarray | None
    consumer_coverage: float
    coverage: float


@dataclass(frozen=True)
class Segment:
    """One segment: its numbers, its mean profile and that of all others (slots,), and its behaviours.

    merged: the segments that are shown as one. amount_share: of what all used. each: profiles a consumer.
    """

    number: int
    merged: tuple[int, ...]
    name: str
    consumers: int
    consumer_share: float
    amount_share: float
    profiles: int
    mean_amount: float
    mean: np.ndarray
    rest: np.ndarray
    behaviours: tuple[Behaviour, ...]
    typical: tuple[Member, ...]

    @property
    def title(self) -> str:
        """Heading of the segment."""
        if self.merged:
            return f"Segments {words.listed(list(map(str, self.merged)))}, shown together"
        return f"Segment {self.number}: {self.name}"
