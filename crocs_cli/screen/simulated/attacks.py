"""Fifteen kinds of theft on daily energy (specification 11.3).

After Zheng et al. (IEEE TII 15(3), 2019: FDI1-6), Jokar et al. (IEEE TSG 7(1), 2016: h1-h6) and Altamimi et
al. (Energy, 2023), adapted to days. Each attack takes the true energy of its days and a `Scene`, and returns
the recorded energy.
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


def _windows(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """Return windows of 3 to 21 days that cover 10 to 40 % of the days."""
    covered = np.zeros(len(kwh), bool)
    wanted = scene.rng.uniform(0.1, 0.4) * len(kwh)
    while covered.sum() < wanted:
        first = scene.rng.integers(len(kwh))
        covered[first : first + scene.rng.integers(3, 22)] = True
    return covered


def _weekdays(scene: Scene) -> np.ndarray:
    """Return the days of two to four weekdays."""
    return np.isin(scene.weekday, scene.rng.choice(7, scene.rng.integers(2, 5), replace=False))


def _drift(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """Return the stolen fraction of each day, which grows for two to eight months."""
    return np.minimum(np.arange(len(kwh)) / scene.rng.uniform(60, 240), 1) * scene.rng.uniform(0.3, 0.8)


def _replay(kwh: np.ndarray, scene: Scene) -> np.ndarray:
    """Return the days of an installation of 0.1 to 0.5 of the mean, or another one scaled to it."""
    ratio = scene.other_means / scene.mean_kwh
    fitting = np.nonzero((ratio >= 0.1) & (ratio <= 0.5))[0]
    if len(fitting):
        return scene.others[scene.rng.choice(fitting)]
    other = scene.rng.integers(len(scene.others))
    return scene.others[other] * (scene.rng.uniform(0.1, 0.5) / ratio[other])


Attack = Callable[[np.ndarray, Scene], np.ndarray]
SILENT, COMMISSIONING, BYPASS = 13, 14, 15
#: recorded energy by number of attack, in the words of the specification
ATTACKS: dict[int, Attack] = {
    # constant reduction (FDI1, h1)
    1: lambda kwh, scene: kwh * scene.rng.uniform(0.2, 0.8),
    # cap (FDI2)
    2: lambda kwh, scene: np.minimum(kwh, scene.rng.uniform(0.4, 0.9) * scene.mean_kwh),
    # constant bypass (FDI3)
    3: lambda kwh, scene: np.maximum(kwh - scene.rng.uniform(0.2, 0.6) * scene.mean_kwh, 0),
    # nothing in windows of 3 to 21 days (FDI4, h2)
    4: lambda kwh, scene: np.where(_windows(kwh, scene), 0, kwh),
    # random scaling (FDI5, h3)
    5: lambda kwh, scene: kwh * scene.rng.uniform(0.2, 0.8, len(kwh)),
    # random fraction of the mean (FDI6, h4)
    6: lambda kwh, scene: scene.mean_kwh * scene.rng.uniform(0.2, 0.8, len(kwh)),
    # two to four weekdays reduced
    7: lambda kwh, scene: np.where(_weekdays(scene), kwh * scene.rng.uniform(0.1, 0.5), kwh),
    # slow drift
    8: lambda kwh, scene: kwh * (1 - _drift(kwh, scene)),
    # replay of a smaller installation
    9: _replay,
    # reduced in the four months of highest use
    10: lambda kwh, scene: np.where(
        np.isin(scene.month, scene.season[:4]), kwh * scene.rng.uniform(0.2, 0.6), kwh
    ),
    # flat mean, or 70 % of it (h5)
    11: lambda kwh, scene: np.full(len(kwh), scene.mean_kwh * scene.rng.choice([1.0, 0.7])),
    # three days of ten at random record nothing
    12: lambda kwh, scene: np.where(scene.rng.random(len(kwh)) < 0.3, 0, kwh),
    # as 4, but the meter reports nothing
    SILENT: lambda kwh, scene: np.where(_windows(kwh, scene), np.nan, kwh),
    # 1 from the first day on, so that nothing changes: the negative control
    COMMISSIONING: lambda kwh, scene: kwh * scene.rng.uniform(0.2, 0.8),
    # total bypass
    BYPASS: lambda kwh, scene: np.zeros_like(kwh),
}


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
