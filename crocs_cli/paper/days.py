"""The days that experiments work on: of real consumers, or of a synthetic population with its truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.shards import shards
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.profiles import normalise, window_slots
from crocs_cli.maths.synthetic.population import Behaviour, Population, cluster_behaviours
from crocs_cli.rundir.layouts import PROFILES

HOUR_MIN = 60


@dataclass(frozen=True)
class Days:
    """The daily load profiles of n consumers, one consumer after another.

    profiles: (days, slots) float64, min-max normalised; dates: (days,) int, days since 1970-01-01; offset:
    (n + 1,) int64, consumer i owns rows offset[i]:offset[i + 1].
    """

    profiles: np.ndarray
    dates: np.ndarray
    offset: np.ndarray

    def __len__(self) -> int:
        return len(self.offset) - 1

    @property
    def window(self) -> int:
        """DTW-2: one hour, in slots."""
        return window_slots(HOUR_MIN, self.profiles.shape[1])

    @property
    def cube(self) -> np.ndarray:
        """The profiles as (n, p, slots); for consumers with equally many days."""
        return self.profiles.reshape(len(self), -1, self.profiles.shape[1])

    def of(self, consumer: int) -> np.ndarray:
        """Return one consumer's days (p, slots)."""
        return self.profiles[self.offset[consumer] : self.offset[consumer + 1]]

    def keep(self, kept: np.ndarray, least: int = 1) -> Days:
        """Return the days of a mask (days,), of the consumers who then have at least so many."""
        owner = np.repeat(np.arange(len(self)), np.diff(self.offset))
        number = np.bincount(owner[kept], minlength=len(self))
        kept = kept & (number >= least)[owner]
        number = number[number >= least]
        return Days(self.profiles[kept], self.dates[kept], np.concatenate([[0], np.cumsum(number)]))

    def between(self, first: int, last: int, least: int) -> Days:
        """Return the days from date `first` to before `last`, of consumers with at least `least` of them."""
        return self.keep((self.dates >= first) & (self.dates < last), least)

    def hourly(self) -> Days:
        """Return the same days at half as many slots, each the mean of two."""
        halves = self.profiles.reshape(len(self.profiles), -1, 2).mean(axis=2)
        return replace(self, profiles=normalise(halves, "minmax"))

    def mean_over_consumers(self, of_days: np.ndarray) -> float:
        """Average a value of each day (days,) over each consumer's days, and then over the consumers."""
        parts = zip(self.offset[:-1], self.offset[1:], strict=True)
        return float(np.mean([of_days[begin:end].mean() for begin, end in parts]))

    def error(self, sets: LoadSets) -> float:
        """Return the mean Euclidean distance of a day to the nearest prototype of its own consumer."""
        from scipy.spatial.distance import cdist

        nearest = [
            cdist(self.of(consumer), sets.prototypes[slice(*sets.offset[consumer : consumer + 2])]).min(
                axis=1
            )
            for consumer in range(len(self))
        ]
        return self.mean_over_consumers(np.concatenate(nearest))

    def take(self, consumers: slice) -> Days:
        """Return some consumers in a row."""
        offset = self.offset[consumers.start : consumers.stop + 1]
        rows = slice(offset[0], offset[-1])
        return Days(self.profiles[rows], self.dates[rows], offset - offset[0])


def read_days(run: Path) -> Days:
    """Read the days of all consumers of RUN/profiles, normalised.

    Raises CrocsError when profiles are missing or damaged.
    """
    names = ("day_offset", "date", "energy_kwh")
    parts = [
        files.read(run / "profiles" / f"{key}.h5", PROFILES, names)
        for key in shards(run / "profiles", PROFILES)
    ]
    sizes = np.concatenate([np.diff(part["day_offset"]) for part in parts])
    return Days(
        np.concatenate([normalise(part["energy_kwh"], "minmax") for part in parts]),
        np.concatenate([part["date"] for part in parts]),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
    )


@dataclass(frozen=True)
class Synthetic:
    """Parameters of a synthetic population (paper section 4.2)."""

    consumers: int
    days: int
    clusters: int
    shapes: int
    outliers: int = 0
    outlier_consumers: int = 0
    transitions: tuple[np.ndarray, ...] | None = None  # one (shapes, shapes) for each cluster
    markov: bool = False

    def draw(self, seed: int) -> tuple[Days, np.ndarray]:
        """Return the days and each consumer's cluster, -1 for an outlier consumer: (consumers,) int."""
        behaviours = cluster_behaviours(self.clusters, self.shapes, self.markov, seed)
        if self.transitions:
            behaviours = [
                Behaviour(known.shapes, transition)
                for known, transition in zip(behaviours, self.transitions, strict=True)
            ]
        people = Population(
            self.consumers, self.days, self.outliers, self.outlier_consumers, self.markov, seed, behaviours
        )
        return drawn(people)


def drawn(people: Population) -> tuple[Days, np.ndarray]:
    """Return the days of a population and each consumer's cluster, -1 for an outlier consumer."""
    everyone = range(people.consumers)
    energy = np.concatenate([people.energy_kwh(number) for number in everyone])
    truth = np.array([people.plan(number)[0] for number in everyone])
    offset = people.days * np.arange(people.consumers + 1)
    return Days(normalise(energy, "minmax"), np.tile(np.arange(people.days), people.consumers), offset), truth


def month_starts(days: Days, length: int) -> list[int]:
    """Return the first of every month from which the dates go on for `length` days: days since 1970-01-01.

    Where there is none the first date is the only start.
    """
    first, last = int(days.dates.min()), int(days.dates.max())
    months = np.arange(
        np.datetime64(first, "D").astype("M8[M]"), np.datetime64(last, "D").astype("M8[M]") + 1
    )
    starts = months.astype("M8[D]").astype(int)
    return [int(start) for start in starts if first <= start and start + length <= last + 1] or [first]


def days_from(days: Days, start: int, length: int, least: int) -> Days:
    """Return `length` days from a start, of the consumers with at least `least` of them.

    Where the run has fewer days than that, as large a part of them is asked for.

    Raises CrocsError when that leaves fewer than two consumers.
    """
    last = min(start + length, int(days.dates.max()) + 1)
    found = days.between(start, last, least * (last - start) // length)
    if len(found) < 2:
        raise CrocsError(
            f"{date_text(start)}: fewer than two consumers have {least} of {length} days from then on; "
            "give longer records"
        )
    return found


def date_text(date: int) -> str:
    """Return a date such as 2013-06-01."""
    return str(np.datetime64(date, "D"))


def date_number(text: str) -> int:
    """Return the days since 1970-01-01 of such a date."""
    return int(np.datetime64(text, "D").astype(int))


def stand_in(consumers: int, days: int, seed: int) -> Days:
    """Draw consumers with Markov days and some outliers, where no real ones are given."""
    drawn = Synthetic(consumers, days, max(2, consumers // 6), 5, outliers=days // 6, markov=True)
    return drawn.draw(seed)[0]
