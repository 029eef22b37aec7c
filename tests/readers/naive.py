"""How readings become days, said as plainly as possible: dictionaries and loops, nothing of crocs."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

ESTIMATED, REPAIRED, OFF_GRID = 1, 2, 4
REASON = {1: "days_outside_range", 2: "days_of_other_type"}


def assemble(rows, meters, rule):
    """Return ({(meter, day): energy (slots,)}, {count: [number a meter]})."""
    count = defaultdict(lambda: [0] * meters)
    registers = defaultdict(lambda: defaultdict(list))  # (meter, channel) -> interval -> [(energy, flags)]
    for meter, interval, energy, channel, flags in zip(
        rows.meter, rows.interval, rows.energy_kwh, rows.channel, rows.flags, strict=True
    ):
        count["readings"][meter] += 1
        count["negative"][meter] += energy < 0
        count["estimated"][meter] += bool(flags & ESTIMATED)
        count["repaired"][meter] += bool(flags & REPAIRED)
        if flags & OFF_GRID:
            count["off_grid"][meter] += 1
            continue
        count["invalid"][meter] += math.isnan(energy)
        registers[int(meter), int(channel)][int(interval)].append((float(energy), int(flags)))
    per_register = {
        key: register_days(key[0], intervals, rule, count) for key, intervals in registers.items()
    }
    judge_stamps(registers, rule, count)
    used = {}
    for meter in range(meters):
        own = {channel: days for (m, channel), days in per_register.items() if m == meter}
        for day in sorted({day for days in own.values() for day in days}):
            energy = judge(meter, day, own, rule, count)
            if energy is not None:
                used[meter, day] = energy
    return used, count


def length_h(day, rule):
    return rule.calendar.length_s[day - rule.calendar.first_day] / 3600


def register_days(meter, intervals, rule, count):
    """Return {day: (native energies, estimated readings, conflicting)} of one meter's channel."""
    days = {}
    before = None
    for interval in sorted(intervals):
        day, place = divmod(interval, rule.intervals_per_day)
        native, estimated, conflicting = days.get(day, ([math.nan] * rule.intervals_per_day, 0, False))
        readings = [(e, f) for e, f in intervals[interval] if not math.isnan(e)]
        if readings:
            energies = [e for e, _ in readings]
            differ = len(set(energies)) > 1
            changing = length_h(day, rule) != 24
            if before is not None and interval - before > 1:
                begins = (before + 1) // rule.intervals_per_day
                while (begins not in days) and begins < day:
                    begins += 1
                count["gaps"][meter] += length_h(begins, rule) == 24
            before = interval
            if not changing:
                count["duplicates"][meter] += sum(e == energies[0] for e in energies[1:])
                count["conflicts"][meter] += differ
                conflicting = conflicting or differ
            value = energies[0]
            if differ and (changing or rule.duplicates == "mean"):
                value = sum(energies) / len(energies)
            elif differ and rule.duplicates == "last":
                value = energies[-1]
            native[place] = value
            estimated += any(f & ESTIMATED for _, f in readings)
        days[day] = (native, estimated, conflicting)
    return days


def judge_stamps(registers, rule, count):
    for (meter, channel), intervals in registers.items():
        there = [i for i, readings in intervals.items() if any(not math.isnan(e) for e, _ in readings)]
        if channel == 0 and len(there) > 1:
            n = rule.intervals_per_day
            ends = (min(there) % n, max(there) % n)
            count["suspect_stamp"][meter] += ends in ((1, 0), (n - 1, n - 2))


def judge(meter, day, own, rule, count):
    """Return a day's energy if it is used, else None; count why."""
    due = [days for days in own.values() if min(days) <= day <= max(days)]
    total = np.zeros(rule.slots_per_day)
    for days in due:
        native = days[day][0] if day in days else [math.nan] * rule.intervals_per_day
        total = total + np.array(native).reshape(rule.slots_per_day, -1).sum(axis=1)
    there = [days[day] for days in due if day in days]
    count["days_present"][meter] += 1
    missing = int(np.isnan(total).sum())
    short_h = max(0, 24 - length_h(day, rule))
    by_clock = math.ceil(short_h * rule.slots_per_day / 24) if rule.folds else 0
    verdict = rule.calendar.verdict[day - rule.calendar.first_day]
    share = max(estimated for _, estimated, _ in there) / rule.intervals_per_day
    if verdict:
        reason = REASON[verdict]
    elif length_h(day, rule) != 24 and not rule.folds:
        reason = "days_clock_change"
    elif count["off_grid"][meter] > count["readings"][meter] / 4:
        reason = "days_off_grid"
    elif rule.duplicates == "leave_out" and any(conflicting for _, _, conflicting in there):
        reason = "days_conflicting"
    elif missing > rule.max_missing_slots + by_clock or missing == len(total):
        reason = "days_incomplete"
    elif share > rule.max_estimated:
        reason = "days_estimated"
    else:
        reason = "days_used"
    count[reason][meter] += 1
    if reason != "days_used":
        return None
    if missing:
        count["days_interpolated"][meter] += 1
        known = np.flatnonzero(~np.isnan(total))
        total = np.interp(np.arange(len(total)), known, total[known])
    count["days_flat"][meter] += bool((total == total[0]).all())
    return total
