"""A bill by fractions and the calendar, reading by reading: imports nothing of crocs.

A tariff is what its YAML says, as mappings, lists and texts; a home is a list of (start of the reading on the
wall clock, hours, kWh as a float).
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction

import holidays
import yaml


def tariff_of(text):
    """Read a tariff's YAML with every value as text."""
    return yaml.load(text, yaml.BaseLoader)


def names(value):
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


@functools.cache
def day_types(date, place):
    """Return the names of all day types that a date is of."""
    weekend = date.weekday() >= 5
    holiday = bool(place) and date in holidays.country_holidays(*place.split("-"), years=[date.year])
    if weekend:
        return {"all", "weekends"}
    return {"all", "weekdays", "holidays" if holiday else "workdays"}


def in_season(date, season):
    start, end = ((int(month), int(day)) for month, day in (season[key].split("-") for key in ("from", "to")))
    today = (date.month, date.day)
    return start <= today <= end if start <= end else today >= start or today <= end


def in_window(time, window):
    start, end = ([int(part) for part in text.split(":")] for text in window.split("-"))
    start, end, now = start[0] * 60 + start[1], end[0] * 60 + end[1], time.hour * 60 + time.minute
    return start <= now < end if start < end else now >= start or now < end


def applies(charge, time, tariff):
    seasons = names(charge.get("season", []))
    if seasons and not any(in_season(time.date(), tariff["seasons"][name]) for name in seasons):
        return False
    if not {*names(charge.get("days", ["all"]))} & day_types(time.date(), tariff.get("holidays")):
        return False
    return in_window(time, charge.get("window", "00:00-24:00"))


def exact(kwh):
    """Return a reading as a whole number of millionths of a kWh; Python rounds halves to even."""
    return Fraction(round(Fraction(kwh) * 10**6), 10**6)


def moved(readings, window, percent):
    """Move a part of each day's use in a window to the rest of the day, a millionth at a time."""
    days, found = {}, []
    for time, hours, kwh in readings:
        days.setdefault(time.date(), []).append([time, hours, round(Fraction(kwh) * 10**6)])
    for rows in days.values():
        inside = [row for row in rows if in_window(row[0], window)]
        outside = [row for row in rows if not in_window(row[0], window)]
        pot = 0
        for row in inside:
            if row[2] > 0:
                part = row[2] * percent // 100
                row[2] -= part
                pot += part
        for number, row in enumerate(outside):
            row[2] += pot // len(outside) + (number < pot % len(outside))
        found += [(time, hours, Fraction(micro, 10**6)) for time, hours, micro in rows]
    return found


def monthly_bills(tariff, readings):
    """Return {(year, month): bill as a whole number of the smallest unit of the currency}."""
    months = {}
    for time, hours, kwh in readings:
        months.setdefault((time.year, time.month), []).append((time, hours, exact(kwh)))
    return {month: bill(tariff, rows) for month, rows in months.items()}


def bill(tariff, rows):
    fixed = tariff.get("fixed", {})
    days = len({time.date() for time, _, _ in rows})
    total = days * Fraction(fixed.get("per_day", "0")) + Fraction(fixed.get("per_month", "0"))
    used = [Fraction(0)] * len(tariff["energy"])
    for time, _, kwh in rows:
        if kwh < 0:
            total += kwh * Fraction(tariff.get("export_credit", "0"))
            continue
        (charge,) = [n for n, charge in enumerate(tariff["energy"]) if applies(charge, time, tariff)]
        used[charge] += kwh
    for charge, kwh in zip(tariff["energy"], used, strict=True):
        total += cost(charge, kwh)
    for charge in tariff.get("demand", []):
        powers = [kwh / hours for time, hours, kwh in rows if kwh > 0 and applies(charge, time, tariff)]
        total += max(powers, default=Fraction(0)) * Fraction(charge["price"])
    unit = 10 ** int(tariff.get("decimals", 2))
    return math.floor(total * unit + Fraction(1, 2))


def cost(charge, kwh):
    if "price" in charge:
        return kwh * Fraction(charge["price"])
    total, below = Fraction(0), Fraction(0)
    for block in charge["blocks"]:
        end = Fraction(block["up_to"]) if "up_to" in block else max(kwh, below)
        total += max(Fraction(0), min(kwh, end) - below) * Fraction(block["price"])
        below = end
    return total
