"""Fifteen kinds of theft on daily energy (specification 11.3).

After Zheng et al. (IEEE TII 15(3), 2019: FDI1-6), Jokar et al. (IEEE TSG 7(1), 2016: h1-h6) and Altamimi et
al. (Energy, 2023), adapted to days. Each function takes the true energy of the attacked days and a `Scene`,
and returns what the meter records.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

NONE = 0


@dataclass(frozen=True)
class Scene:
    """Data that an attack may use: a generator, the mean before it, weekday and month of its days.

    `season` ranks the 12 months of this installation by level, highest first; `others` (installation, day)
    are the same days of other installations and `other_means` their means.
    """

    rng: np.random.Generator
    mean_kwh: float
    weekday: np.ndarray
    month: np.ndarray
    season: np.ndarray
    others: np.ndarray
    other_means: np.ndarray


def constant_reduction(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A1: every day times one factor (FDI1, h1)."""
    return kwh * scene.rng.uniform(0.2, 0.8)


def cap(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A2: days are recorded up to a limit (FDI2)."""
    return np.minimum(kwh, scene.rng.uniform(0.4, 0.9) * scene.mean_kwh)


def constant_bypass(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A3: a constant load bypasses the meter (FDI3)."""
    return np.maximum(kwh - scene.rng.uniform(0.2, 0.6) * scene.mean_kwh, 0)


def zero_windows(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A4: windows of 3 to 21 days record nothing (FDI4, h2)."""
    return np.where(_windows(len(kwh), scene.rng), 0, kwh)


def random_scaling(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A5: every day times a factor of its own (FDI5, h3)."""
    return kwh * scene.rng.uniform(0.2, 0.8, len(kwh))


def random_share_of_mean(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A6: every day a random share of the mean (FDI6, h4)."""
    return scene.mean_kwh * scene.rng.uniform(0.2, 0.8, len(kwh))


def weekdays_reduced(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A7: two to four weekdays are reduced."""
    chosen = scene.rng.choice(7, scene.rng.integers(2, 5), replace=False)
    return np.where(np.isin(scene.weekday, chosen), kwh * scene.rng.uniform(0.1, 0.5), kwh)


def slow_drift(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A8: the stolen fraction grows for two to eight months."""
    share = np.minimum(np.arange(len(kwh)) / scene.rng.uniform(60, 240), 1) * scene.rng.uniform(0.3, 0.8)
    return kwh * (1 - share)


def replay(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A9: the days of a smaller installation are recorded."""
    ratio = scene.other_means / scene.mean_kwh
    fitting = np.nonzero((ratio >= 0.1) & (ratio <= 0.5))[0]
    if len(fitting):
        return scene.others[scene.rng.choice(fitting)]
    other = scene.rng.integers(len(scene.others))
    return scene.others[other] * (scene.rng.uniform(0.1, 0.5) / ratio[other])


def seasonal(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A10: reduced in the four months of highest use only."""
    return np.where(np.isin(scene.month, scene.season[:4]), kwh * scene.rng.uniform(0.2, 0.6), kwh)


def flat_mean(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A11: the mean, or 70 % of it, every day (h5)."""
    return np.full(len(kwh), scene.mean_kwh * scene.rng.choice([1.0, 0.7]))


def intermittent(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A12: three days of ten, at random, record nothing."""
    return np.where(scene.rng.random(len(kwh)) < 0.3, 0, kwh)


def silent_windows(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A13: as A4, but the meter reports nothing."""
    return np.where(_windows(len(kwh), scene.rng), np.nan, kwh)


def since_commissioning(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A14: A1 from the first day on, so that nothing changes: the negative control."""
    return constant_reduction(kwh, scene)


def total_bypass(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """A15: nothing is recorded."""
    return np.zeros_like(kwh)


Attack = Callable[[np.ndarray, Scene], np.ndarray]
ATTACKS: dict[int, Attack] = {
    1: constant_reduction,
    2: cap,
    3: constant_bypass,
    4: zero_windows,
    5: random_scaling,
    6: random_share_of_mean,
    7: weekdays_reduced,
    8: slow_drift,
    9: replay,
    10: seasonal,
    11: flat_mean,
    12: intermittent,
    13: silent_windows,
    14: since_commissioning,
    15: total_bypass,
}
SILENT, COMMISSIONING, BYPASS = 13, 14, 15


def _windows(days: int, rng: np.random.Generator) -> np.ndarray:
    """Return windows of 3 to 21 days that cover 10 to 40 % of the days."""
    covered = np.zeros(days, bool)
    wanted = rng.uniform(0.1, 0.4) * days
    while covered.sum() < wanted:
        first = rng.integers(days)
        covered[first : first + rng.integers(3, 22)] = True
    return covered


def commit(
    kwh: np.ndarray,
    attack: np.ndarray,
    first_day: np.ndarray,
    weekday: np.ndarray,
    month: np.ndarray,
    seed: list[int],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the recorded energy of every installation under its attack, and the stolen kWh.

    `kwh` float32 (installation, day), the truth, NaN allowed; `attack` 0 for the honest; `first_day`
    (installation,). Each thief has a generator of its own, from `seed` and its row. What was stolen is the
    sum of the days that fell short, unmetered days included.
    """
    recorded, stolen = kwh.copy(), np.zeros(len(kwh))
    means = _means(kwh)
    honest = np.nonzero((attack == NONE) & (means > 0))[0]
    for row in np.nonzero(attack)[0]:
        begin = first_day[row]
        true = kwh[row, begin:].astype(np.float64)
        before = _means(kwh[row : row + 1, :begin])[0]
        scene = Scene(
            rng=np.random.default_rng([*seed, int(row)]),
            mean_kwh=float(before if before > 0 else means[row]),
            weekday=weekday[begin:],
            month=month[begin:],
            season=np.argsort([-_means(kwh[row : row + 1, month == m])[0] for m in range(12)], kind="stable"),
            others=kwh[honest, begin:],
            other_means=means[honest],
        )
        recorded[row, begin:] = ATTACKS[int(attack[row])](true, scene)
        stolen[row] = np.nansum(np.maximum(true - np.nan_to_num(recorded[row, begin:]), 0))
    return recorded, stolen


def _means(kwh: np.ndarray) -> np.ndarray:
    """Return the mean of the known days of every row, 0 without any."""
    known = ~np.isnan(kwh)
    return np.where(known, kwh, 0).sum(axis=1, dtype=np.float64) / np.maximum(known.sum(axis=1), 1)
