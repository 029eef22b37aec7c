"""What a programme did: effects with their intervals, the balance of what is compared, and a placebo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from crocs_cli.maths.programmes.impact import Interval
from crocs_cli.report.change import BehaviourChange
from crocs_cli.rundir.programme_settings import ImpactSettings

DAILY, WINDOW, SLOT = "daily_kwh", "window_kw", "kw"
FIRST_SLOT = 2  # figures of a consumer: daily kWh, mean kW in the window, then the kW of each slot
COLUMNS = {
    "effects": {
        "cluster": "the segment, 1 is the largest; empty for all together",
        "figure": "daily_kwh, window_kw (mean in the window), or kw (of the slot at hour)",
        "hour": "when the slot begins, in hours after midnight; empty for other figures",
        "consumers": "how many treated consumers it is measured on",
        "treated_before": "the figure of the treated before they began",
        "treated_after": "the same after that",
        "others_before": "the figure of those they are compared with, before",
        "others_after": "the same after that",
        "effect": "change of the treated less that of the others",
        "low": "lower end of its 95 % interval; empty with fewer than 5 treated or controls",
        "high": "upper end of the same",
    },
    "matches": {
        "consumer_id": "the treated consumer's id, as text",
        "cluster": "its segment",
        "start": "the day on which it began",
        "match_id": "the id of a consumer it is compared with, as text",
        "distance": "distance of their load sets before the programme",
        "daily_kwh": "the treated consumer's mean kWh a day before it",
        "match_daily_kwh": "the match's mean kWh a day before it",
    },
    "placebo": {
        "days_earlier": "by how many days the fake start is earlier than the true one",
        "figure": "daily_kwh or window_kw",
        "effect": "what the same calculation finds",
        "low": "lower end of its 95 % interval",
        "high": "upper end of the same",
        "excludes_0": "true: the interval says that there was an effect",
    },
    "behaviours": {
        "cluster": "the segment",
        "behaviour": "which of its behaviours; empty for days of none",
        "name": "the behaviour in words",
        "consumers": "how many treated consumers it is measured on",
        "earlier": "share of their days before, 0 to 1",
        "later": "share of their days after",
        "change": "later less earlier, less the same of the others",
        "low": "lower end of its 95 % interval",
        "high": "upper end of the same",
        "p_adjusted": "chance of such a change without an effect, adjusted for the number of behaviours",
        "claimed": "true: beyond chance",
    },
}


@dataclass(frozen=True)
class Effect:
    """Effect on a segment, or on all (None): levels (2, 2, F), treated and others by before and after."""

    cluster: int | None
    consumers: int
    levels: np.ndarray
    interval: Interval


@dataclass(frozen=True)
class Match:
    """A treated consumer and one it is compared with."""

    consumer_id: str
    cluster: int
    start: int
    match_id: str
    distance: float
    daily_kwh: float
    match_daily_kwh: float


@dataclass(frozen=True)
class Impact:
    """All that is found of a programme.

    lags: by how many days each fake start is earlier; placebo: what is found for it; balance: {figure: [of
    the matches, of everybody else in the segment]}, how far they are from the treated before; left_out:
    {reason: treated consumers}.
    """

    settings: ImpactSettings
    days: dict[str, Any]
    effects: list[Effect]
    matches: list[Match]
    controls: int
    lags: list[int]
    placebo: list[Interval]
    balance: dict[str, list[float]]
    behaviours: list[BehaviourChange]
    left_out: dict[str, int]

    def tables(self) -> dict[str, pa.Table]:
        """Return the tables of COLUMNS; that of the matches only where there are any."""
        rows = {
            "effects": [row for effect in self.effects for row in self._effect_rows(effect)],
            "matches": [vars(match) | {"start": _date(match.start)} for match in self.matches],
            "placebo": list(self._placebo_rows()),
            "behaviours": [vars(row) for row in self.behaviours],
        }
        return {
            name: pa.table({key: _column([row[key] for row in own]) for key in COLUMNS[name]})
            for name, own in rows.items()
            if own
        }

    def summary(self) -> dict[str, Any]:
        """Return the figures, for people and programs."""
        of_days = {"daily_kwh": 0, "window_kw": 1}
        return {
            "clusters": self.settings.clusters,
            "window": self.settings.window,
            **self.days,
            "treated": self.effects[-1].consumers,
            "controls": self.controls,
            "matched": bool(self.matches),
            "left_out": self.left_out,
            "effects": [
                {
                    "cluster": effect.cluster,
                    "consumers": effect.consumers,
                    **{name: _said(effect, at) for name, at in of_days.items()},
                }
                for effect in self.effects
            ],
            "balance": self.balance,
            "placebo": {
                name: {
                    "fake_starts": len(self.placebo),
                    "excludes_0": sum(bool(found.excludes_none()[at]) for found in self.placebo),
                }
                for name, at in of_days.items()
            },
            "behaviours": [{key: vars(row)[key] for key in COLUMNS["behaviours"]} for row in self.behaviours],
        }

    def _effect_rows(self, effect: Effect) -> Iterator[dict[str, Any]]:
        slots = effect.levels.shape[2] - FIRST_SLOT
        for at in range(effect.levels.shape[2]):
            hour = None if at < FIRST_SLOT else 24.0 * (at - FIRST_SLOT) / slots
            (treated_before, treated_after), (others_before, others_after) = effect.levels[:, :, at].tolist()
            yield {
                "cluster": effect.cluster,
                "figure": (DAILY, WINDOW)[at] if at < FIRST_SLOT else SLOT,
                "hour": hour,
                "consumers": effect.consumers,
                "treated_before": treated_before,
                "treated_after": treated_after,
                "others_before": others_before,
                "others_after": others_after,
                **_ends(effect.interval, at),
            }

    def _placebo_rows(self) -> Iterator[dict[str, Any]]:
        for lag, found in zip(self.lags, self.placebo, strict=True):
            for at, name in enumerate((DAILY, WINDOW)):
                excludes = bool(found.excludes_none()[at])
                yield {"days_earlier": lag, "figure": name, **_ends(found, at), "excludes_0": excludes}


def _ends(found: Interval, at: int) -> dict[str, float]:
    return {
        "effect": float(found.estimate[at]), "low": float(found.low[at]), "high": float(found.high[at])
    }  # fmt: skip


def _said(effect: Effect, at: int) -> dict[str, float | None]:
    """Return one figure's effect, and what share it is of what the treated would have used without."""
    before, after = effect.levels[0, :, at]
    without = float(after - effect.interval.estimate[at])
    share = float(effect.interval.estimate[at]) / without if without > 0 else None
    return {
        "treated_before": float(before), "treated_after": float(after), **_ends(effect.interval, at),
        "share": share,
    }  # fmt: skip


def _column(values: list[Any]) -> pa.Array:
    """Return a column; whole numbers may be missing."""
    return pa.array(values)


def _date(day: int) -> str:
    return str(np.datetime64(int(day), "D"))
