"""What the synthetic generator means, in plain numpy: it imports nothing of crocs.

Source: the generator of the paper's experiments (section 5.1), in the form of the authors' earlier comparison
study: a characteristic curve on 480 points drives a smooth-transition autoregressive (STAR) series, of which
every tenth point is kept and min-max normalised.
"""

from __future__ import annotations

import numpy as np

POINTS, SLOTS = 480, 48
STRIDE = POINTS // SLOTS
SHAPES = 20

THETA_LOW, THETA_HIGH = -0.1, 0.5
START_SD = 0.05
NOISE_SD, NOISE_SD_LOW_CURVE = 0.10, 0.12
HIGH_START, HIGH_START_SHAPES = 1.5, (12, 14)

_T = np.arange(POINTS, dtype=np.float64)

# (centre, its deviation, width, its deviation) of the normal bumps
_BUMP = {
    0: (120, 10, 15, 5),
    1: (190, 10, 15, 5),
    2: (320, 10, 15, 5),
    3: (390, 10, 15, 5),
    9: (320, 10, 70, 5),
}
# the bumps whose sum makes a shape, with their factors
_SUM_OF_BUMPS = {
    4: ((1.0, 0), (1.0, 2)),
    5: ((1.0, 0), (1.0, 3)),
    6: ((1.0, 0), (1.0, 1), (1.0, 2), (1.0, 3)),
    7: ((0.6, 0), (1.0, 3)),
    8: ((1.0, 0), (0.6, 3)),
}
_CLOSE_BUMPS = {
    15: ((160, 6, 13, 5), (220, 6, 13, 5)),
    16: ((320, 8, 15, 5), (390, 8, 15, 5)),
}
# (up at, down at) of the plateaus; None: the day starts or ends high
_PLATEAU = {10: (120, 260), 11: (320, 460), 12: (None, 60), 13: (420, None)}
_DIPPED = {17: 7, 18: 3}
_DIP_DEPTH = 0.85


def draw_days(shapes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw one normalised day for each shape number; -1 draws an outlier day.

    shapes: (days,) int. Returns (days, 48) float64 in [0, 1].
    """
    curves = np.empty((len(shapes), POINTS))
    for i, shape in enumerate(shapes):
        curves[i] = outlier_curve(random) if shape < 0 else characteristic_curve(int(shape), random)
    series = star_series(curves, np.isin(shapes, HIGH_START_SHAPES), random)
    offset = random.integers(0, STRIDE, len(shapes))
    kept = offset[:, None] + STRIDE * np.arange(SLOTS)
    return _rescaled(np.take_along_axis(series, kept, axis=1))


def characteristic_curve(shape: int, random: np.random.Generator) -> np.ndarray:
    """Draw the characteristic curve of one of the 20 shapes: (480,) float64, 0 to 1."""
    if shape in _BUMP:
        return _bump(*_BUMP[shape], random)
    if shape in _SUM_OF_BUMPS:
        return _rescaled(sum(factor * _bump(*_BUMP[base], random) for factor, base in _SUM_OF_BUMPS[shape]))
    if shape in _CLOSE_BUMPS:
        return _rescaled(sum(_bump(*bump, random) for bump in _CLOSE_BUMPS[shape]))
    if shape in _PLATEAU:
        return _plateau(*_PLATEAU[shape], random)
    if shape == 14:
        return _rescaled(_plateau(None, 60, random) + _plateau(420, None, random))
    if shape in _DIPPED:
        return _rescaled(characteristic_curve(_DIPPED[shape], random) - _DIP_DEPTH * _dip(random))
    if shape == 19:
        up = _logistic(_around(315, 10, random), 0.5)
        down = _logistic(_around(395, 10, random), _around(20, 5, random))
        return _rescaled(up - down)
    raise ValueError(f"shape {shape} is not one of 0..{SHAPES - 1}")


def outlier_curve(random: np.random.Generator) -> np.ndarray:
    """Draw the curve of an outlier day: narrow bumps, perhaps a wide one, a dip, a step; (480,) float64."""
    places = random.choice(np.arange(0, POINTS, 5), random.integers(1, 10), replace=False)
    widths = random.integers(2, 14, len(places))
    curve = _rescaled(sum(_normal(place, width) for place, width in zip(places, widths, strict=True)))
    if random.random() < 0.8:
        wide = _normal(random.integers(0, POINTS), random.integers(50, 100))
        curve = _rescaled(curve + random.uniform(0.2, 0.8) * wide)
    if random.random() < 0.2:
        curve = _rescaled(curve - _DIP_DEPTH * _dip(random))
    if random.random() < 0.75:
        step = _logistic(random.integers(60, 419), random.integers(1, 11))
        step = step if random.random() < 0.5 else 1.0 - step
        curve = _rescaled(curve + random.uniform(0.2, 0.8) * step)
    return curve


def star_series(curves: np.ndarray, starts_high: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Run the STAR recurrence along every curve at once.

    curves: (days, 480) float64; starts_high: (days,) bool. Returns (days, 480) float64.
    """
    days = len(curves)
    noise_sd = np.where((curves > 0) & (curves < 0.5), NOISE_SD_LOW_CURVE, NOISE_SD)
    noise = random.normal(0.0, 1.0, (POINTS, days)) * noise_sd.T
    value = random.normal(np.where(starts_high, HIGH_START, 0.0), START_SD)
    series = np.empty((POINTS, days))
    for t, curve in enumerate(np.ascontiguousarray(curves.T)):
        if t:
            value = THETA_LOW * value + (1.0 + THETA_HIGH * value) * curve + noise[t]
        series[t] = value
    return series.T


def _bump(
    centre: int, centre_spread: int, width: int, width_spread: int, random: np.random.Generator
) -> np.ndarray:
    return _normal(_around(centre, centre_spread, random), _around(width, width_spread, random))


def _normal(centre: float | np.integer, width: float | np.integer) -> np.ndarray:
    curve = np.exp(-0.5 * ((_T - centre) / width) ** 2)
    return curve / curve.max()


def _plateau(up: int | None, down: int | None, random: np.random.Generator) -> np.ndarray:
    rise = np.ones(POINTS) if up is None else _logistic(_around(up, 10, random), _around(8, 4, random))
    fall = np.zeros(POINTS) if down is None else _logistic(_around(down, 10, random), _around(8, 4, random))
    return _rescaled(rise - fall)


def _dip(random: np.random.Generator) -> np.ndarray:
    curve = _normal(_around(220, 4, random), _around(45, 4, random))
    return curve - curve.min()


def _logistic(place: float | np.integer, scale: float | np.integer) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip((_T - place) / scale, -500, 500)))


def _around(centre: int, spread: int, random: np.random.Generator) -> int:
    return int(random.integers(centre - spread, centre + spread + 1))


def _rescaled(curves: np.ndarray | int) -> np.ndarray:
    """Bring the last axis to minimum 0 and maximum 1; the int is only the start of a sum."""
    curves = np.asarray(curves)
    low = curves.min(axis=-1, keepdims=True)
    return (curves - low) / (curves.max(axis=-1, keepdims=True) - low)
