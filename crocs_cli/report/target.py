"""Whom to ask: the list, what the first of it give together, and the figures."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from crocs_cli.maths.programmes import target
from crocs_cli.rundir.programme_settings import TargetSettings

COLUMNS = {
    "target": {
        "rank": "in which order to ask, from 1 on",
        "consumer_id": "the consumer's id, as text",
        "cluster": "its segment; 1 is the largest",
        "expected_kw": "mean kW that it gives on a day when asked; the sum is what all are expected to give",
        "deviation_kw": "standard deviation of the same from day to day",
        "window_kw": "mean kW that it uses in the window",
        "daily_kwh": "its mean kWh a day",
        "major_coverage": "share of its days in behaviours of 5 % or more of the segment's days, 0 to 1",
    },
    "curve": {
        "asked": "how many of the list are asked",
        "expected_kw": "mean kW that they give together",
        "sure_kw": "kW that they give with the wanted probability",
        "chance": "probability that they reach the goal; empty without one",
        "by_daily_kwh_sure_kw": "sure_kw if as many were asked by falling kWh a day",
        "by_window_kw_sure_kw": "sure_kw if as many were asked by falling kW in the window",
    },
}


@dataclass(frozen=True)
class Candidates:
    """Who may be asked: ids, segments from 0, use in the window, and what the filters look at; (n,) each.

    left_out: {reason: how many consumers are left out for it}; date: (D,) the days, since 1970-01-01.
    """

    consumer_id: np.ndarray
    label: np.ndarray
    use: target.Use
    daily_kwh: np.ndarray
    major_coverage: np.ndarray
    date: np.ndarray
    left_out: dict[str, int]

    def window_kw(self) -> np.ndarray:
        """Return the mean kW of each in the window: (n,) float64."""
        return np.asarray(np.nanmean(self.use.kw, axis=1, dtype=np.float64))


@dataclass(frozen=True)
class Targets:
    """The first `asked` of a curve, among those of all orders, of which the last two are by kWh and by kW."""

    settings: TargetSettings
    known: Candidates
    flexible: target.Flexible
    found: list[target.Curve]
    chosen: target.Curve
    asked: int

    @functools.cached_property
    def order(self) -> np.ndarray:
        """The numbers of those to ask, in the order of the list."""
        return self.chosen.order[: self.asked]

    @functools.cached_property
    def given(self) -> np.ndarray:
        """What each of them is expected to give, whose sum is what all are: (asked,) kW."""
        given: np.ndarray = self.flexible.mean[self.order]
        total = float(given.sum())
        return given * (float(self.chosen.mean[self.asked - 1]) / total if total > 0 else 0.0)

    def tables(self) -> dict[str, pa.Table]:
        """Return one row for each consumer to ask, and one for each number of consumers asked."""
        known, sure = self.known, [one.sure(self.settings.probability) for one in self.found[-2:]]
        numbers = len(self.chosen.mean)
        goal = self.settings.goal
        return {
            "target": pa.table(
                {
                    "rank": np.arange(1, self.asked + 1, dtype=np.int32),
                    "consumer_id": pa.array(known.consumer_id[self.order], pa.string()),
                    "cluster": (known.label[self.order] + 1).astype(np.int32),
                    "expected_kw": self.given,
                    "deviation_kw": np.sqrt(self.flexible.variance[self.order]),
                    "window_kw": known.window_kw()[self.order],
                    "daily_kwh": known.daily_kwh[self.order],
                    "major_coverage": known.major_coverage[self.order],
                }
            ),
            "curve": pa.table(
                {
                    "asked": np.arange(1, numbers + 1, dtype=np.int32),
                    "expected_kw": self.chosen.mean,
                    "sure_kw": self.chosen.sure(self.settings.probability),
                    "chance": np.full(numbers, np.nan) if goal is None else self.chosen.chance(goal),
                    "by_daily_kwh_sure_kw": sure[0],
                    "by_window_kw_sure_kw": sure[1],
                }
            ),
        }

    def summary(self) -> dict[str, Any]:
        """Return the figures of the list, for people and programs."""
        settings, known, last = self.settings, self.known, self.asked - 1
        goal, probability = settings.goal, settings.probability
        rivals = (target.fewest([one], goal, probability) if goal else None for one in self.found[-2:])
        by_kwh, by_kw = (None if one is None else one[1] for one in rivals)
        return {
            "clusters": settings.clusters,
            "window": settings.window,
            "first_date": str(known.date[0].astype("datetime64[D]")),
            "last_date": str(known.date[-1].astype("datetime64[D]")),
            "days": len(known.date),
            "candidates": len(known.consumer_id),
            "left_out": known.left_out,
            "goal_kw": goal,
            "probability": probability,
            "asked": self.asked,
            "expected_kw": float(self.chosen.mean[last]),
            "error_kw": float(self.chosen.error[last]),
            "sure_kw": float(self.chosen.sure(probability)[last]),
            "chance": None if goal is None else float(self.chosen.chance(goal)[last]),
            "most_kw": max(float(one.sure(probability).max()) for one in self.found[:-2]),
            "asked_by_daily_kwh": by_kwh,
            "asked_by_window_kw": by_kw,
            "segments": list(self._segments()),
        }

    def _segments(self) -> Iterator[dict[str, Any]]:
        """Yield how many of each segment may be asked, are asked, and what they are expected to give."""
        label = self.known.label[self.order]
        for number in range(self.settings.clusters or 0):
            yield {
                "cluster": number + 1,
                "candidates": int((self.known.label == number).sum()),
                "asked": int((label == number).sum()),
                "expected_kw": float(self.given[label == number].sum()),
            }
