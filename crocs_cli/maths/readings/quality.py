"""Count, for every meter, what becomes of its readings and days, and interpret the counts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np

MEANINGS = {
    "readings": "readings read",
    "invalid": "readings without a usable number",
    "off_grid": "readings whose stamp lies between two intervals",
    "estimated": "readings that were not measured",
    "repaired": "readings whose stamp the reader set right",
    "negative": "readings below zero: net export",
    "implausible": "readings that no meter measured: error codes, and far above its usual maximum",
    "duplicates": "readings that repeat another one exactly",
    "conflicts": "intervals with several different readings",
    "gaps": "runs of missing intervals between the first reading and the last",
    "days_present": "days with at least one reading; the next eight and the used ones add up to it",
    "days_outside_range": "days left out: before or after the days asked for",
    "days_of_other_type": "days left out: weekends among weekdays, holidays among workdays, another season",
    "days_clock_change": "days left out: of 23 or 25 hours",
    "days_off_grid": "days left out: all of a meter many of whose stamps lie between two intervals",
    "days_conflicting": "days left out: their readings contradict each other",
    "days_incomplete": "days left out: readings are missing",
    "days_estimated": "days left out: too much of them was not measured",
    "days_of_registers": "days left out: their readings look like totals of a register, not energies",
    "days_used": "days used",
    "days_flat": "days used though all readings are equal",
    "days_interpolated": "days used with a few missing slots filled in",
    "suspect_stamp": "1 where the stamps look as if they named the other end of their interval",
}
COUNTS = tuple(MEANINGS)


#: the names of the counts by period; of events, `days` stands for events wherever a count is of days
COUNTS_OF = {
    "day": COUNTS,
    "week": (*COUNTS, "days_of_part_weeks"),  # whose week lacks a day
    "event": (
        *COUNTS,
        "events_without_number",  # left out because a feature is missing
        "events_reversed",  # left out because they end before they begin
        "events_too_large",  # left out because a feature is above its limit
        "events_left_overlapping",  # left out because they begin before the last one has ended
        "events_overlapping",  # that begin before the last one has ended, used or not
    ),
}
_EVENT_NAMES = {
    "readings": "events_read",
    "days_present": "events_different",
    "days_outside_range": "events_outside_range",
    "days_of_other_type": "events_of_other_type",
    "days_used": "events_used",
}
_OF_EVENTS = (
    *("readings", "duplicates", "days_present", "days_outside_range", "days_of_other_type"),
    *COUNTS_OF["event"][len(COUNTS) :],
    "days_used",
)
MORE_LEFT_OUT = ("days_of_part_weeks", *COUNTS_OF["event"][len(COUNTS) : -1])
LATER = ("implausible", "days_of_registers")  # counts that older runs lack


def of_today(quality: np.ndarray) -> np.ndarray:
    """Return counts of an older run (meters, counts) with the columns that COUNTS names today."""
    before = [i for i, name in enumerate(COUNTS) if name not in LATER]
    if quality.shape[1] != len(before):
        return quality
    whole = np.zeros((len(quality), len(COUNTS)), dtype=quality.dtype)
    whole[:, before] = quality
    return whole


class Tally:
    """The quality counts of some meters: counts (meters, counts) int64."""

    def __init__(self, meters: int) -> None:
        self.counts = np.zeros((meters, len(COUNTS)), dtype=np.int64)

    def add(self, name: str, meter: np.ndarray, times: np.ndarray | None = None) -> None:
        """Count one, or so many times, for each entry of an array of meters."""
        count = np.bincount(meter, times, minlength=len(self.counts))
        self.counts[:, COUNTS.index(name)] += count.astype(np.int64)

    def misfits(self) -> np.ndarray:
        """Return which meters have stamps that do not fit the interval: (meters,) bool."""
        off_grid, readings = (self.counts[:, COUNTS.index(name)] for name in ("off_grid", "readings"))
        return off_grid > FEW * readings

    def add_where(self, name: str, meter: np.ndarray, which: np.ndarray) -> None:
        """Count one for each entry of an array of meters that a mask chooses."""
        if which.any():
            self.add(name, meter[which])


FEW = 0.25  # share of stamps off the grid that are glitches; a wrong interval puts half of them there
SETTINGS = {  # by which days of a reason may be used
    "days_outside_range": "ingest.days.from and ingest.days.to",
    "days_of_other_type": "ingest.days.type",
    "days_clock_change": "ingest.clock_change",
    "days_off_grid": "ingest.interval",
    "days_conflicting": "ingest.duplicates",
    "days_incomplete": "ingest.max_missing_slots",
    "days_estimated": "ingest.max_estimated",
    "days_of_registers": "ingest.kind",
    "days_of_part_weeks": "ingest.max_missing_slots",
    "events_without_number": "ingest.events.features",
    "events_reversed": "ingest.events.end",
    "events_too_large": "ingest.events.at_most",
    "events_left_overlapping": "ingest.events.overlapping",
}
LEFT_OUT = COUNTS[COUNTS.index("days_present") + 1 : COUNTS.index("days_used")]
NOT_ASKED = ("days_outside_range", "days_of_other_type")  # days left out that nobody asked for
PLAUSIBLE_DAILY_KWH = (0.5, 200.0)


def mean_amount(amount: np.ndarray, day_offset: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """Return what each meter uses in the mean of its used days, NaN without one: (meters,) float64.

    amount: (days,) what each day, week or event used; day_offset: (consumers + 1,), of the meters with used
    days; quality: (meters, counts) int64.
    """
    daily = np.append(0.0, np.cumsum(amount))
    mean = np.full(len(quality), np.nan)
    used = quality[:, COUNTS.index("days_used")] > 0
    mean[used] = np.diff(daily[day_offset]) / np.diff(day_offset)
    return mean


def shown_counts(period: str) -> dict[str, int]:
    """Return the columns of counts that tables show, by the names that they have there."""
    names = COUNTS_OF[period]
    if period != "event":
        return {name: at for at, name in enumerate(names)}
    return {_EVENT_NAMES.get(name, name): names.index(name) for name in _OF_EVENTS}


def quality_csv(meter_id: np.ndarray, quality: np.ndarray, mean: np.ndarray, period: str, named: str) -> str:
    """Return the quality table as CSV text, one line a meter.

    meter_id: (meters,) text; quality: (meters, counts) int64, as COUNTS_OF the period names them; mean:
    (meters,), NaN without a day; named: what its column is called, empty for none.
    """
    text, shown = io.StringIO(), shown_counts(period)
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["consumer_id", *shown, *filter(None, [named])])
    rows = quality[:, [*shown.values()]].tolist()
    for name, counts, own in zip(meter_id, rows, mean.tolist(), strict=True):
        cell = "" if np.isnan(own) else f"{own:.3f}"
        table.writerow([name, *counts, *([cell] if named else [])])
    return text.getvalue()


def days_asked(quality: np.ndarray, days_of_run: int) -> np.ndarray:
    """Return how many days of each meter were asked for: (meters,) int64.

    These are the days of the run, on which any consumer has a used day, or the meter's own days with readings
    that were asked for where those are more. quality: (meters, counts) int64.
    """
    return np.maximum(days_of_run, _asked_and_present(quality))


def days_absent(quality: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return how many days asked for of each meter have no reading at all: (meters,) int64."""
    return asked - _asked_and_present(quality)


def _asked_and_present(quality: np.ndarray) -> np.ndarray:
    present, *others = (quality[:, COUNTS.index(name)] for name in ("days_present", *NOT_ASKED))
    return present - sum(others)


def shares(quality: np.ndarray, asked: np.ndarray) -> dict[str, float]:
    """Return each count as a share: of readings, of days asked for, of days used, or of consumers.

    Days that nobody asked for are a share of the days with readings. quality: (meters, counts) int64; asked:
    (meters,), the days asked for.
    """
    total = {name: int(quality[:, i].sum()) for i, name in enumerate(COUNTS)}
    total |= {"days_asked": int(asked.sum()), "days_absent": int(days_absent(quality, asked).sum())}
    whole = dict.fromkeys(COUNTS[1 : COUNTS.index("gaps")], "readings")
    whole |= dict.fromkeys(("days_absent", *LEFT_OUT, "days_used"), "days_asked")
    whole |= dict.fromkeys(NOT_ASKED, "days_present")
    whole |= dict.fromkeys(("days_flat", "days_interpolated"), "days_used")
    found = {name: total[name] / max(1, total[of]) for name, of in whole.items()}
    consumers = max(1, len(quality))
    found["suspect_stamp"] = total["suspect_stamp"] / consumers
    without = int((quality[:, COUNTS.index("days_used")] == 0).sum())
    return found | {"consumers_without_days": without / consumers}


def reasons(quality: np.ndarray, period: str = "day") -> tuple[str, str]:
    """Return why days were left out, the most frequent reason first, and the setting behind that one.

    For example ("days left out: 812 incomplete, 31 of other type", "ingest.max_missing_slots"); the setting
    is empty where no day was left out.
    """
    names = [name for name in COUNTS_OF[period] if name in LEFT_OUT + MORE_LEFT_OUT]
    total = {name: int(quality[:, COUNTS_OF[period].index(name)].sum()) for name in names}
    names = sorted(filter(total.__getitem__, names), key=lambda name: -total[name])
    said = [f"{total[name]} {name.partition('_')[2].replace('_', ' ')}" for name in names]
    what = "events" if period == "event" else "days"
    return f"{what} left out: {', '.join(said) or 'none'}", SETTINGS[names[0]] if names else ""


def warnings(quality: np.ndarray, mean_daily_kwh: np.ndarray | None) -> Iterator[str]:
    """Yield a sentence for everything that looks like a wrong setting rather than a bad meter.

    mean_daily_kwh: (meters,), None where the means are of another period or quantity.
    """
    if registers := int((quality[:, COUNTS.index("days_of_registers")] > 0).sum()):
        yield (
            f"the readings of {registers} of {len(quality)} consumers only rise, as the total of a register "
            "does, and are not used; set ingest.kind to register, or to energy if they are energies"
        )
    if implausible := int(quality[:, COUNTS.index("implausible")].sum()):
        consumers = int((quality[:, COUNTS.index("implausible")] > 0).sum())
        yield (
            f"readings that are implausible and not used: {implausible}, of consumers: {consumers}; "
            "see quality.csv, and ingest.implausible"
        )
    suspects = int(quality[:, COUNTS.index("suspect_stamp")].sum())
    if 2 * suspects > len(quality):
        yield (
            f"the stamps of {suspects} of {len(quality)} consumers begin and end as if they named the other "
            "end of their intervals; check ingest.stamp"
        )
    if mean_daily_kwh is None:
        return
    known = mean_daily_kwh[~np.isnan(mean_daily_kwh)]
    low, high = PLAUSIBLE_DAILY_KWH
    middle = float(np.median(known)) if len(known) else low
    if middle > high:
        yield f"half of the consumers use over {middle:.0f} kWh a day; are the readings Wh? See ingest.unit"
    if 0 <= middle < low:
        yield f"half of the consumers use under {middle:.2g} kWh a day; check ingest.unit"
