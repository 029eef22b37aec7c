"""The next day of each consumer, and how wrong such forecasts were on its last days, which were held out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.machine.files import Arrays, digest
from crocs_cli.machine.pages import bring_folder_up_to_date
from crocs_cli.machine.plain import json_bytes, read_json
from crocs_cli.machine.shards import recipe
from crocs_cli.machine.tables import csv_bytes
from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.distances.profiles import normalise, window_slots
from crocs_cli.maths.segments.change import change
from crocs_cli.maths.segments.membership import nearest_profile
from crocs_cli.maths.segments.traits import consumer_means
from crocs_cli.maths.sequences import forecast
from crocs_cli.rundir.excerpts import excerpt
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import ForecastSettings
from crocs_cli.stages import stage1

METHODS = ("pattern", "markov")
RIVALS = ("last_week", "own_mean", "segment_mean")
MEASURES = forecast.Errors._fields
FEWEST_DAYS = 14  # before those held out; a consumer with fewer is left out
NORMAL = 1.96

Pair = tuple[np.ndarray, np.ndarray]  # shapes and kWh

COLUMNS = {  # the guide `tables` shows this
    "consumer_id": "the consumer's id, as text",
    "cluster": "its segment",
    "method": "pattern, markov, last_week, own_mean or segment_mean",
    "shape_mae": "mean absolute error of the normalised days held out",
    "shape_dtw": "mean DTW between the normalised days held out and their forecasts",
    "kwh_mae": "mean absolute error of the days held out, in kWh a slot",
    "date": "the day to come",
    "t0000": "forecast kWh in its slot that begins at 00:00; likewise the other slots",
}


@dataclass(frozen=True)
class Found:
    """Errors of forecasts: (consumers, methods and rivals, measures), and how many consumers are left out."""

    errors: np.ndarray
    left_out: int
    test_days: int

    def summary(self) -> dict[str, Any]:
        """Return mean errors, and by how much each method's differ from each rival's, with 95 % intervals."""
        means = self.errors.mean(axis=0).tolist()
        return {
            "consumers": len(self.errors),
            "left_out": self.left_out,
            "test_days": self.test_days,
            "errors": {
                name: dict(zip(MEASURES, each, strict=True))
                for name, each in zip(METHODS + RIVALS, means, strict=True)
            },
            "change_percent": {
                method: {rival: self._against(method, rival) for rival in RIVALS} for method in METHODS
            },
        }

    def _against(self, method: str, rival: str) -> dict[str, list[float]]:
        """Return {measure: [change of the mean error against the rival's in %, low, high]}.

        NaN where it is not known: all of it against a rival without error, the interval of one consumer.
        """
        names = METHODS + RIVALS
        first, second = (self.errors[:, names.index(name)] for name in (rival, method))
        found = change(first, second, np.zeros(len(first), dtype=bool))
        half, mean = NORMAL * found.error, first.mean(axis=0)
        ends = 100 * np.array([found.estimate, found.estimate - half, found.estimate + half])
        percent = np.divide(ends, mean, out=np.full_like(ends, np.nan), where=mean > 0)
        return dict(zip(MEASURES, percent.T.tolist(), strict=True))


@dataclass(frozen=True)
class Consumer:
    """The days of one consumer.

    dates: (n + 1,), the last one that of the day to come; shapes, energy_kwh: (n, slots); labels: (n,) which
    prototype each day is like; tested: how many of the days are held out; segment: its segment's mean day.
    """

    dates: np.ndarray
    shapes: np.ndarray
    energy_kwh: np.ndarray
    labels: np.ndarray
    tested: int
    segment: Pair

    def forecasts(self, longest: int) -> Iterator[Pair]:
        """Yield the held out days and the day to come, as each method and rival has them, in their order."""
        days = len(self.shapes)
        trained = days - self.tested
        rows, known = range(trained, days + 1), range(max(2, trained - self.tested), trained)
        length = forecast.best_length(self.labels[:trained], self.shapes[:trained], known, longest)
        for weights in (
            forecast.pattern_weights(self.labels, rows, length),
            forecast.markov_weights(self.labels, rows, int(self.labels.max()) + 1),
            forecast.last_week_weights(self.dates, rows),
            forecast.mean_weights(days, rows),
        ):
            yield weights @ self.shapes, weights @ self.energy_kwh
        shape, energy_kwh = (np.tile(mean, (len(rows), 1)) for mean in self.segment)
        yield shape, energy_kwh

    def actual(self) -> Pair:
        """Return the days that were held out."""
        return self.shapes[-self.tested :], self.energy_kwh[-self.tested :]


class Forecaster:
    """Forecasts the consumers of one profile file after another."""

    def __init__(self, run: Run, settings: ForecastSettings, seed: int) -> None:
        self._run, self._settings, self._seed, self._meaning = run, settings, seed, run.meaning()
        self._label = dict(zip(*run.labels(settings.clusters), strict=True))
        self._stage1 = run.stage1_settings().model_copy(update={"prototypes": settings.prototypes})
        self._means = self._segment_means()

    def shards(self) -> Iterator[tuple[int, Arrays]]:
        """Yield of each profile file how many consumers have too few days, and those that have enough."""
        for read in self._run.profiles().each():
            counts = np.diff(read["day_offset"])
            enough = counts >= FEWEST_DAYS + self._settings.test_days
            yield int((~enough).sum()), _days(read, np.repeat(enough, counts))

    def forecast(self, read: Arrays) -> tuple[pa.Table, np.ndarray]:
        """Return a row for each consumer and method, and the errors (consumers, methods, measures)."""
        profiles, wrong, dates = [], [], []
        for consumer in self._consumers(read):
            window = window_slots(self._stage1.window, consumer.shapes.shape[1], self._meaning.minutes)
            days = list(consumer.forecasts(self._settings.longest))
            tested = [(shape[:-1], energy_kwh[:-1]) for shape, energy_kwh in days]
            wrong.append([forecast.errors(each, consumer.actual(), window) for each in tested])
            profiles.append([energy_kwh[-1] for _, energy_kwh in days])
            dates.append(consumer.dates[-1])
        errors = np.array(wrong)
        return self._table(read["consumer_id"], np.array(dates), errors, np.array(profiles)), errors

    def _consumers(self, read: Arrays) -> Iterator[Consumer]:
        """Yield the consumers of a profile file; their prototypes are made without the days held out."""
        how = self._stage1, [self._seed, 0], available_threads(), self._meaning
        train = stage1.load_sets(self._train(read), *how)
        shapes = normalise(read["energy_kwh"], self._stage1.normalise)
        window = window_slots(self._stage1.window, shapes.shape[1], self._meaning.minutes)
        for at, name in enumerate(read["consumer_id"]):
            own = slice(*read["day_offset"][at : at + 2])
            known = train["day_prototype"][slice(*train["day_offset"][at : at + 2])]
            prototypes = train["medoid"][slice(*train["prototype_offset"][at : at + 2])]
            new = nearest_profile(shapes[own][len(known) :], prototypes, window)[0]
            dates, energy_kwh = read["date"][own], read["energy_kwh"][own].astype(np.float64)
            shape, kwh = (mean[self._label[name]] for mean in self._means)
            scale = energy_kwh[: len(known)].sum(axis=1).mean() / (kwh.sum() or 1.0)
            yield Consumer(
                np.append(dates, forecast.day_after(dates)), shapes[own], energy_kwh,
                np.concatenate([known, new]), len(new), (shape, kwh * scale),
            )  # fmt: skip

    def _train(self, read: Arrays) -> Arrays:
        """Return the profiles without the days that are held out."""
        to_come = np.repeat(read["day_offset"][1:], np.diff(read["day_offset"])) - np.arange(
            len(read["date"])
        )
        return _days(read, to_come > self._settings.test_days)

    def _segment_means(self) -> Pair:
        """Return the mean days of all segments' consumers, without the days held out: (K, slots) each."""
        clusters = self._settings.clusters
        shape = kwh = size = np.zeros((clusters, 1))
        for _, read in self.shards():
            train = self._train(read)
            label = np.array([self._label[name] for name in train["consumer_id"]], dtype=np.int64)
            inside = (label == np.arange(clusters)[:, None]).astype(np.float64)
            shapes = normalise(train["energy_kwh"], self._stage1.normalise)
            shape = shape + inside @ consumer_means(shapes, train["day_offset"])
            kwh = kwh + inside @ consumer_means(train["energy_kwh"], train["day_offset"])
            size = size + inside.sum(axis=1, keepdims=True)
        return shape / np.maximum(1, size), kwh / np.maximum(1, size)

    def _table(self, names: np.ndarray, dates: np.ndarray, errors: np.ndarray, kwh: np.ndarray) -> pa.Table:
        """Return the rows of some consumers; errors: (n, methods, measures); kwh: (n, methods, slots)."""
        methods = METHODS + RIVALS
        columns = {
            "consumer_id": pa.array(np.repeat(names, len(methods)), pa.string()),
            "cluster": np.repeat([self._label[name] + 1 for name in names], len(methods)).astype(np.int32),
            "method": pa.array(np.tile(methods, len(names)), pa.string()),
        }
        columns |= {name: errors[:, :, at].ravel().astype(np.float32) for at, name in enumerate(MEASURES)}
        columns["date"] = np.repeat(dates.astype("datetime64[D]"), len(methods))
        for slot, name in enumerate(self._meaning.slot_names(kwh.shape[2])):
            columns[name] = kwh[:, :, slot].ravel().astype(np.float32)
        return pa.table({self._meaning.column(name): values for name, values in columns.items()})


def run(run: Run, settings: ForecastSettings, seed: int) -> dict[str, Any]:
    """Make RUN/forecast: forecast.csv and summary.json; return the summary. What is there and right stays.

    Raises CrocsError for events, of which nobody knows when the next one begins.
    """
    if run.meaning().is_event:
        raise CrocsError(
            f"{run}: forecasts are of days and weeks, and these profiles are events; use another run"
        )
    inputs = {
        "profiles": run.profiles().digest(),
        "rls": run.load_sets().digest(),
        "partition": digest(run.partition_recipe(settings.clusters)),
    }
    chosen = settings.model_dump(mode="json") | {"seed": seed}

    def make() -> dict[str, bytes]:
        table, found = forecasts(run, settings, seed)
        return {"forecast.csv": csv_bytes(table), "summary.json": json_bytes(found.summary())}

    bring_folder_up_to_date(run / "forecast", recipe("forecast", "forecast", chosen, inputs), make)
    return read_json(run / "forecast" / "summary.json")


def forecasts(run: Run, settings: ForecastSettings, seed: int) -> tuple[pa.Table, Found]:
    """Return the forecasts of all consumers with enough days, and how wrong they were."""
    forecaster = Forecaster(run, settings, seed)
    tables, errors, left_out = [], [], 0
    for too_short, read in forecaster.shards():
        left_out += too_short
        if len(read["consumer_id"]):
            table, wrong = forecaster.forecast(read)
            tables.append(table)
            errors.append(wrong)
    if not tables:
        need = f"{FEWEST_DAYS + settings.test_days} {run.meaning().plural}"
        raise CrocsError(f"{run / 'profiles'}: no consumer has {need}; hold out fewer with --test-days")
    return pa.concat_tables(tables), Found(np.concatenate(errors), left_out, settings.test_days)


def _days(profiles: Arrays, chosen: np.ndarray) -> Arrays:
    """Return the arrays of a profile file of chosen days (days,), and of the consumers that have any."""
    bounds = itertools.pairwise(profiles["day_offset"].tolist())
    rows = [first + np.flatnonzero(chosen[first:last]) for first, last in bounds]
    some = np.flatnonzero([len(own) > 0 for own in rows])
    return excerpt(profiles, some, [rows[consumer] for consumer in some])
