"""Synthetic weeks and charging events of twenty kinds each, and outliers of both."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.readings.events import on_circle
from crocs_cli.maths.synthetic.generator import SHAPES, SLOTS, draw_days

WEEK, WORKDAYS, HOURS = 7, 5, 24
WEEKEND_STEP = 10  # from the shape of a kind's workdays to that of its weekends

#: what is known of a charging event; the scales are near the median and interquartile range of all habits
FEATURES = ("duration_h", "kwh", "power_kw", "idle_h", "start_sin", "start_cos")
CENTRE = (5.5, 16.0, 7.0, 2.0, 0.0, 0.0)
SPREAD = (8.0, 14.0, 6.0, 7.0, 1.0, 1.0)
AMOUNT = "kwh"
_STARTS_H = (1.0, 7.5, 12.0, 17.0, 21.5)
_CHARGES = ((1.0, 20.0, 22.0), (3.5, 12.0, 3.7), (9.0, 30.0, 7.4), (14.0, 10.0, 11.0))  # hours, kWh, kW
_START_SD_H, _DURATION_SD, _ENERGY_SD, _POWER_SD = 0.7, 0.12, 0.15, 0.05


def draw_weeks(kinds: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw one week for each kind; -1 draws seven outlier days.

    kinds: (weeks,) int, 0 to 19: the shape of the workdays; that of the weekend follows from it. Returns
    (weeks, 168) float64 in [0, 1], hours from Monday on.
    """
    kinds = np.asarray(kinds, dtype=np.int64)
    weekend = np.where(kinds < 0, -1, (kinds + WEEKEND_STEP) % SHAPES)
    shapes = np.where(np.arange(WEEK) < WORKDAYS, kinds[:, None], weekend[:, None])
    days = draw_days(shapes.ravel(), random)
    return days.reshape(len(kinds), WEEK * HOURS, SLOTS // HOURS).mean(axis=2)


def draw_events(kinds: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw one charging event for each kind of habit; -1 draws one that follows none.

    kinds: (events,) int, 0 to 19: a time of the day with one of four charges. Returns (events, 6) float64,
    FEATURES on their scales.
    """
    kinds = np.asarray(kinds, dtype=np.int64)
    start_h = np.array(_STARTS_H)[kinds % len(_STARTS_H)] + random.normal(0, _START_SD_H, len(kinds))
    hours, kwh, power = np.array(_CHARGES)[kinds // len(_STARTS_H) % len(_CHARGES)].T
    hours = hours * np.exp(random.normal(0, _DURATION_SD, len(kinds)))
    kwh = kwh * np.exp(random.normal(0, _ENERGY_SD, len(kinds)))
    power = power * np.exp(random.normal(0, _POWER_SD, len(kinds)))
    none = kinds < 0
    start_h[none] = random.uniform(0, 24, none.sum())
    hours[none], kwh[none] = random.uniform(0.5, 30, none.sum()), random.uniform(1, 80, none.sum())
    power[none] = random.uniform(2, 50, none.sum())
    circle = on_circle(np.round(3600 * start_h).astype(np.int64))
    values = np.column_stack([hours, kwh, power, np.maximum(0.0, hours - kwh / power), circle])
    scaled: np.ndarray = (values - CENTRE) / np.array(SPREAD)
    return scaled
