"""Apply the settings of `ingest` to tables of events: what is used, the scales of all, and the profiles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.memory import Needs, require
from crocs_cli.machine.progress import Progress
from crocs_cli.maths.readings import events
from crocs_cli.maths.readings.clock import DAY_S
from crocs_cli.maths.readings.grid import stored_unit
from crocs_cli.maths.readings.quality import COUNTS_OF
from crocs_cli.readers.events import MISSING_S, EventTables, Rows
from crocs_cli.rundir import memory
from crocs_cli.rundir.event_settings import DURATION_H
from crocs_cli.rundir.ingest_settings import UNITS
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import IngestSettings
from crocs_cli.stages.reading import dialect, wanted_days

NAMES = COUNTS_OF["event"]


class EventTable:
    """All events of some files: read, judged and scaled. They are held in memory."""

    def __init__(self, settings: IngestSettings, paths: Sequence[Path]) -> None:
        self._settings = settings
        self._events, self.ids = self._read(paths)
        self._counts = np.zeros((len(self.ids), len(NAMES)), dtype=np.int64)
        self._used = self._judged()
        self.meaning = self._meaning()

    def _read(self, paths: Sequence[Path]) -> tuple[events.Events, list[str]]:
        """Read the files; return their events in the order of the rows, and the consumers' ids."""
        own, time = self._settings.events, self._settings.columns.time
        stamps = dict.fromkeys((time, *filter(None, [own.end]), *own.clock))
        said = dialect(self._settings, paths)
        numbers = [name for name in own.features if name != DURATION_H]
        tables = EventTables(said, [*stamps], numbers)
        require(Needs(memory.events(0, len(own.wanted)), "use a larger machine"), "ingest")
        parts = []
        with Progress("ingest: events", None, True) as progress:
            for path in paths:
                for rows in tables.rows(path):
                    parts.append(self._events_of(rows))
                    progress.advance(len(rows.consumer))
        if not parts:
            raise CrocsError("no events in the files, only headers; name files with events")
        columns = zip(*((p.consumer, p.day, p.start_s, p.end_s, p.values) for p in parts), strict=True)
        return events.Events(*map(np.concatenate, columns)), tables.ids

    def _events_of(self, rows: Rows) -> events.Events:
        """Return some rows as events with their features, unscaled."""
        own, begin = self._settings.events, rows.stamps[self._settings.columns.time]
        end_s = rows.stamps[own.end].utc_s if own.end else begin.utc_s
        values = []
        for name in own.features:
            if name == DURATION_H:
                hours = (end_s - begin.utc_s) / 3600
                values.append(np.where(end_s == MISSING_S, np.nan, hours))
            else:
                values.append(rows.numbers[name])
        for name in own.clock:
            wall_s = rows.stamps[name].wall_s
            circle = events.on_circle(wall_s)
            values += list(np.where(wall_s == MISSING_S, np.nan, circle.T))
        return events.Events(
            rows.consumer, begin.wall_s // DAY_S, begin.utc_s, end_s, np.column_stack(values)
        )

    def _judged(self) -> events.Events:
        """Count what becomes of the events, and return those that are used."""
        own = self._settings.events
        self._count("readings", self._events.consumer)
        different, again = events.in_order(self._events)
        self._count("duplicates", again)
        self._count("days_present", different.consumer)
        first, last = int(different.day.min()), int(different.day.max())
        verdict = wanted_days(self._settings).verdicts(first, last - first + 1)[different.day - first]
        most = np.array([own.at_most.get(name, np.inf) for name in own.wanted])
        reason, overlap = events.judged(
            different, verdict, most, own.end is not None, own.overlapping == "leave_out"
        )
        for code, name in events.REASONS.items():
            self._count(name, different.consumer[reason == code])
        self._count("events_overlapping", different.consumer[overlap])
        return different.take(reason == events.USED)

    def _count(self, name: str, consumers: np.ndarray) -> None:
        self._counts[:, NAMES.index(name)] += np.bincount(consumers, minlength=len(self.ids))

    def _meaning(self) -> Meaning:
        """Return the features with their scales: those of all events, by hand, or of another run."""
        own = self._settings.events
        unit = stored_unit(self._settings.unit or UNITS[self._settings.quantity][0])
        bare = Meaning("event", self._settings.quantity, unit, own.wanted)
        if own.scale_from is not None:
            return self._scaled_as(own.scale_from, bare)
        numbers, circles = len(own.features), len(own.wanted) - len(own.features)
        centre, spread = np.zeros(numbers), np.ones(numbers)
        if len(self._used.consumer):  # else `summarise` says why there is none
            centre, spread = events.scales(self._used.values[:, :numbers], own.features, own.scale)
        on_circle = [own.scale.get(name, 1.0) for name in own.clock for _ in range(2)]
        return Meaning(
            bare.period,
            bare.quantity,
            bare.unit,
            bare.features,
            (*centre.tolist(), *[0.0] * circles),
            (*spread.tolist(), *on_circle),
            own.amount,
        )

    def _scaled_as(self, path: Path, bare: Meaning) -> Meaning:
        known = Run(path).meaning()
        if known.features != bare.features:
            raise CallError(
                f"ingest.events.scale_from: {path} has {known}, not {bare}; name a run of the same features"
            )
        return known

    def needs(self) -> Needs:
        """Return what making a shard takes, beside all events."""
        return Needs(
            memory.events(len(self._events.consumer), len(self.meaning.features)), "use a larger machine"
        )

    def profiles(self, first: int, ids: np.ndarray) -> Arrays:
        """Return the arrays of the file of the consumers from a first one on; ids: their names."""
        begin, end = np.searchsorted(self._used.consumer, (first, first + len(ids)))
        own = self._used.take(np.arange(begin, end))
        days = np.bincount(own.consumer - first, minlength=len(ids))
        scaled = (own.values - np.array(self.meaning.centre)) / np.array(self.meaning.spread)
        return {
            "consumer_id": ids[days > 0],
            "day_offset": np.append(0, np.cumsum(days[days > 0])),
            "date": own.day,
            "energy_kwh": scaled.astype(np.float32),
            "meter_id": ids,
            "quality": self._counts[first : first + len(ids)],
        }
