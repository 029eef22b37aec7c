"""Synthetic daily load profiles with known truth: twenty shapes and outlier days.

Source: the generator of the paper's experiments (section 5.1), in the form of the authors' earlier comparison
study: a characteristic curve on 480 points drives a smooth-transition autoregressive (STAR) series, of which
every tenth point is kept and min-max normalised.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from crocs_cli.maths.compiled import kernel

POINTS, SLOTS = 480, 48
STRIDE = POINTS // SLOTS
SHAPES = 20

THETA_LOW, THETA_HIGH = -0.1, 0.5
START_SD = 0.05
NOISE_SD, NOISE_SD_LOW_CURVE = 0.10, 0.12
HIGH_START = 1.5
DIP_DEPTH = 0.85
NEVER = -1  # a plateau without this edge: the day starts or ends high

# (factor, centre, its deviation, width, its deviation) of the normal bumps whose sum makes a shape
_EARLY, _MORNING = (1.0, 120, 10, 15, 5), (1.0, 190, 10, 15, 5)
_EVENING, _LATE = (1.0, 320, 10, 15, 5), (1.0, 390, 10, 15, 5)
_BUMPS = {
    0: (_EARLY,),
    1: (_MORNING,),
    2: (_EVENING,),
    3: (_LATE,),
    4: (_EARLY, _EVENING),
    5: (_EARLY, _LATE),
    6: (_EARLY, _MORNING, _EVENING, _LATE),
    7: ((0.6, *_EARLY[1:]), _LATE),
    8: (_EARLY, (0.6, *_LATE[1:])),
    9: ((1.0, 320, 10, 70, 5),),
    15: ((1.0, 160, 6, 13, 5), (1.0, 220, 6, 13, 5)),
    16: ((1.0, 320, 8, 15, 5), (1.0, 390, 8, 15, 5)),
    17: ((0.6, *_EARLY[1:]), _LATE),
    18: (_LATE,),
}
# (up at, down at) of the plateaus
_PLATEAUS = {
    10: ((120, 260),),
    11: ((320, 460),),
    12: ((NEVER, 60),),
    13: ((420, NEVER),),
    14: ((NEVER, 60), (420, NEVER)),
}
_DIPPED = (17, 18)
_STEEP = 19  # steeply up, slowly down
_START_HIGH = (12, 14)


def _table(rows: Mapping[int, tuple[tuple[float, ...], ...]], width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of all shapes one after another, and where each shape's begin: (SHAPES + 1,)."""
    flat = [row for shape in range(SHAPES) for row in rows.get(shape, ())]
    begin = np.cumsum([0, *(len(rows.get(shape, ())) for shape in range(SHAPES))])
    return np.array(flat, dtype=np.float64).reshape(-1, width), begin


_BUMP_TABLE, _PLATEAU_TABLE = _table(_BUMPS, 5), _table(_PLATEAUS, 2)


def draw_days(shapes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw one normalised day for each shape number; -1 draws an outlier day.

    shapes: (days,) int. Returns (days, 48) float64 in [0, 1].
    """
    days = np.empty((len(shapes), SLOTS))
    _draw_days(np.asarray(shapes, dtype=np.int64), random, days)
    return days


def characteristic_curve(shape: int, random: np.random.Generator) -> np.ndarray:
    """Draw the characteristic curve of one of the 20 shapes: (480,) float64, 0 to 1."""
    if not 0 <= shape < SHAPES:
        raise ValueError(f"shape {shape} is not one of 0..{SHAPES - 1}")
    curve = np.empty(POINTS)
    _shape_curve(shape, random, curve)
    return curve


def outlier_curve(random: np.random.Generator) -> np.ndarray:
    """Draw the curve of an outlier day: narrow bumps, perhaps a wide one, a dip, a step; (480,) float64."""
    curve = np.empty(POINTS)
    _outlier_curve(random, curve)
    return curve


@kernel
def _draw_days(shapes, random, days):
    curve, series = np.empty(POINTS), np.empty(POINTS)
    for day in range(len(shapes)):
        if shapes[day] < 0:
            _outlier_curve(random, curve)
        else:
            _shape_curve(shapes[day], random, curve)
        star_series(curve, shapes[day] in _START_HIGH, random, series)
        offset = random.integers(0, STRIDE)
        for slot in range(SLOTS):
            days[day, slot] = series[offset + STRIDE * slot]
        _rescale(days[day])


@kernel
def star_series(curve, starts_high, random, series):
    """Run the STAR recurrence along a curve (480,) into a series (480,)."""
    value = (HIGH_START if starts_high else 0.0) + START_SD * random.standard_normal()
    series[0] = value
    for t in range(1, POINTS):
        sd = NOISE_SD_LOW_CURVE if 0 < curve[t] < 0.5 else NOISE_SD
        value = THETA_LOW * value + (1.0 + THETA_HIGH * value) * curve[t] + sd * random.standard_normal()
        series[t] = value


@kernel
def _shape_curve(shape, random, curve):
    curve[:] = 0
    rows, begin = _BUMP_TABLE
    for row in rows[begin[shape] : begin[shape + 1]]:
        _add_bump(curve, row[0], _around(row[1], row[2], random), _around(row[3], row[4], random))
    rows, begin = _PLATEAU_TABLE
    for row in rows[begin[shape] : begin[shape + 1]]:
        _add_plateau(curve, row[0], row[1], random)
    if shape == _STEEP:
        _add_logistic(curve, 1.0, _around(315, 10, random), 0.5)
        _add_logistic(curve, -1.0, _around(395, 10, random), _around(20, 5, random))
    bumps = _BUMP_TABLE[1]
    if bumps[shape + 1] - bumps[shape] != 1:  # a single bump is nowhere quite 0
        _rescale(curve)
    if shape in _DIPPED:
        _dip(curve, random)


@kernel
def _outlier_curve(random, curve):
    grid = np.arange(0, POINTS, 5)
    curve[:] = 0
    for bump in range(random.integers(1, 10)):  # at distinct places: the first entries of a shuffled grid
        other = random.integers(bump, len(grid))
        grid[bump], grid[other] = grid[other], grid[bump]
        _add_bump(curve, 1.0, grid[bump], random.integers(2, 14))
    _rescale(curve)
    if random.random() < 0.8:
        _add_bump(curve, random.uniform(0.2, 0.8), random.integers(0, POINTS), random.integers(50, 100))
        _rescale(curve)
    if random.random() < 0.2:
        _dip(curve, random)
    if random.random() < 0.75:
        up = 1.0 if random.random() < 0.5 else -1.0  # 1 - logistic differs from -logistic by a constant
        place, scale = random.integers(60, 419), random.integers(1, 11)
        _add_logistic(curve, up * random.uniform(0.2, 0.8), place, scale)
        _rescale(curve)


@kernel
def _dip(curve, random):
    """Subtract a wide bump at noon; its own least value is a constant that rescaling removes."""
    dip = np.zeros(POINTS)
    _add_bump(dip, 1.0, _around(220, 4, random), _around(45, 4, random))
    curve -= DIP_DEPTH * (dip - dip.min())
    _rescale(curve)


@kernel
def _add_plateau(curve, up, down, random):
    """Add a plateau of height 0 to 1 between two logistic edges."""
    plateau = np.zeros(POINTS)
    if up == NEVER:
        plateau[:] = 1
    else:
        _add_logistic(plateau, 1.0, _around(up, 10, random), _around(8, 4, random))
    if down != NEVER:
        _add_logistic(plateau, -1.0, _around(down, 10, random), _around(8, 4, random))
    _rescale(plateau)
    curve += plateau


@kernel
def _add_bump(curve, factor, centre, width):
    """Add factor * exp(-((t - centre) / width)^2 / 2); the centre is one of the points, where it is highest.

    From one point to the next the bump falls by a factor that itself falls by a constant one.
    """
    middle, steeper = int(centre), np.exp(-1.0 / width**2)
    for step in (-1, 1):
        value, falls = factor, np.exp(-0.5 / width**2)
        t = middle
        if step == 1:
            value, falls, t = factor * falls, falls * steeper, middle + 1
        while 0 <= t < POINTS:
            curve[t] += value
            value, falls, t = value * falls, falls * steeper, t + step


@kernel
def _add_logistic(curve, factor, place, scale):
    """Add factor / (1 + exp(-(t - place) / scale))."""
    value, falls = np.exp(place / scale), np.exp(-1.0 / scale)
    for t in range(POINTS):
        curve[t] += factor / (1.0 + value)
        value *= falls


@kernel
def _around(centre, spread, random):
    return float(random.integers(int(centre - spread), int(centre + spread) + 1))


@kernel
def _rescale(values):
    """Rescale values to minimum 0 and maximum 1."""
    low = values.min()
    values -= low
    values /= values.max()
