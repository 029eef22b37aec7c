"""Sample a population of daily energy with honest reasons for changes (specification 11.2).

Without holidays, moves, empty houses, solar panels and gaps every detector looks perfect.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numba import prange

from crocs_cli.maths.compiled import parallel_kernel
from crocs_cli.screen.daily.contracts import LEVELS
from crocs_cli.screen.daily.dates import Calendar

MONTH_MIDDLES = np.array([15.5, 45, 74.5, 105, 135.5, 166, 196.5, 227.5, 258, 288.5, 319, 349.5])
NEVER = -1
DIGITS = 3  # a meter counts Wh; the last bits of exp and log depend on the processor


@dataclass(frozen=True)
class Population:
    """Parameters of a population; population.yaml explains each.

    `weeks` and `months` are the planted types: weekday shares (type, 7) and month levels (type, 12).
    """

    weeks: tuple[tuple[float, ...], ...]
    week_shares: tuple[float, ...]
    months: tuple[tuple[float, ...], ...]
    month_shares: tuple[float, ...]
    week_jitter: float
    month_jitter: float
    noise: tuple[float, float]
    memory: tuple[float, float]
    walk: float
    weather: float
    year_effect: float
    holidays: float
    steps: float
    step_size: float
    vacancies: float
    solar: float
    lost_days: float
    blocks: float
    level_shares: tuple[float, ...]
    level_kwh: tuple[float, ...]


PROFILES = {
    name: Population(**values)
    for name, values in yaml.safe_load((Path(__file__).parent / "population.yaml").read_text()).items()
}


@dataclass(frozen=True)
class Batch:
    """A sampled batch of installations with their true energy and planted changes.

    `kwh` float32 (installation, day) without gaps; `missing` bool (installation, day); `level`, `week_type`,
    `month_type` (installation,); days on which an honest change began, -1 none: `step_day`, `vacancy_day`,
    `solar_day` (installation,).
    """

    kwh: np.ndarray
    missing: np.ndarray
    level: np.ndarray
    week_type: np.ndarray
    month_type: np.ndarray
    step_day: np.ndarray
    vacancy_day: np.ndarray
    solar_day: np.ndarray


def shared_weather(population: Population, calendar: Calendar, seed: int) -> np.ndarray:
    """Return the effect of weather and economy on all, natural log, float64 (day,)."""
    rng = np.random.default_rng([seed, 0])
    swing = _remembered(rng.normal(size=(1, calendar.days)), np.array([0.9]))[0]
    year = calendar.dates.astype("datetime64[Y]").astype(int)
    effects = rng.normal(0, population.year_effect, year[-1] - year[0] + 1)
    return population.weather * swing + effects[year - year[0]]


def sample(
    population: Population, calendar: Calendar, weather: np.ndarray, count: int, rng: np.random.Generator
) -> Batch:
    """Sample a batch of honest installations."""
    level = rng.choice(len(LEVELS), count, p=population.level_shares)
    week_type = rng.choice(4, count, p=population.week_shares)
    month_type = rng.choice(4, count, p=population.month_shares)
    log_level = np.log(np.array(population.level_kwh)[level] / 365) + rng.normal(0, 1, count)
    weeks = np.array(population.weeks)[week_type] * np.exp(rng.normal(0, population.week_jitter, (count, 7)))
    months = np.array(population.months)[month_type] * np.exp(
        rng.normal(0, population.month_jitter, (count, 12))
    )
    shape = 7 * (weeks / weeks.sum(axis=1, keepdims=True))[:, calendar.weekday]
    shape *= _daily_season(months, calendar)
    change, days = _honest_changes(population, calendar, count, rng)
    log_energy = log_level[:, None] + rng.uniform(0.3, 1.7, (count, 1)) * weather + change
    log_energy += _noise(population, calendar.days, count, rng)
    kwh = shape * np.exp(log_energy) * _holidays(population, calendar, count, rng)
    kwh = np.round(kwh, DIGITS).astype(np.float32)
    return Batch(kwh, _missing(population, calendar.days, count, rng), level, week_type, month_type, *days)


def _daily_season(months: np.ndarray, calendar: Calendar) -> np.ndarray:
    """Interpolate month levels from mid-month to mid-month, mean 1."""
    day = (calendar.dates - calendar.dates.astype("datetime64[Y]")).astype(float) + 0.5
    middles = np.concatenate([[MONTH_MIDDLES[-1] - 365.25], MONTH_MIDDLES, [MONTH_MIDDLES[0] + 365.25]])
    place = np.searchsorted(middles, day, side="right") - 1
    share = (day - middles[place]) / (middles[place + 1] - middles[place])
    around = np.column_stack([months[:, -1:], months, months[:, :1]])
    season = around[:, place] * (1 - share) + around[:, place + 1] * share
    return season / months.mean(axis=1, keepdims=True)


def _noise(population: Population, days: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return day-to-day noise with memory and a slow random walk of the level, natural log."""
    size, memory = rng.uniform(*population.noise, count), rng.uniform(*population.memory, count)
    noise = size[:, None] * _remembered(rng.standard_normal((count, days)), memory)
    steps = rng.normal(0, population.walk / np.sqrt(30.4), (count, days))
    return noise - size[:, None] ** 2 / 2 + np.cumsum(steps, axis=1)


@parallel_kernel
def _remembered(shocks: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """Return unit-variance AR(1) series from unit shocks."""
    series = np.empty_like(shocks)
    for i in prange(len(shocks)):
        scale = np.sqrt(1 - memory[i] ** 2)
        series[i, 0] = shocks[i, 0]
        for day in range(1, shocks.shape[1]):
            series[i, day] = memory[i] * series[i, day - 1] + scale * shocks[i, day]
    return series


def _honest_changes(
    population: Population, calendar: Calendar, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return steps, vacancies and solar panels in natural log, and the day each began."""
    day = np.arange(calendar.days)
    starts = rng.integers(0, calendar.days, (3, count))
    shares = np.array([population.steps, population.vacancies, population.solar])
    starts = np.where(rng.random((3, count)) < shares[:, None], starts, NEVER)
    since = (day >= starts[..., None]) & (starts >= 0)[..., None]
    sun = np.maximum(0, np.cos(2 * np.pi * ((calendar.month + 0.5) / 12 - 0.5)))
    sizes = np.stack([rng.normal(0, population.step_size, count), np.log(rng.uniform(0.02, 0.15, count))])
    solar = np.log(1 - rng.uniform(0.3, 0.6, (count, 1)) * sun)
    change = np.where(since[0], sizes[0][:, None], 0) + np.where(since[1], sizes[1][:, None], 0)
    return change + np.where(since[2], solar, 0), (starts[0], starts[1], starts[2])


def _holidays(population: Population, calendar: Calendar, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the level during absences of 1 to 3 weeks, once or twice a year, mostly in summer."""
    left = np.ones((count, calendar.days))
    years = -(-calendar.days // 365)
    for i in np.nonzero(rng.random(count) < population.holidays)[0]:
        for year in range(years):
            for _ in range(rng.integers(1, 3)):
                day = rng.integers(181, 243) if rng.random() < 0.6 else rng.integers(0, 365)
                first = 365 * year + day
                left[i, first : first + rng.integers(7, 22)] = rng.uniform(0.1, 0.4)
    return left


def _missing(population: Population, days: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return lost days: single ones, and for some installations a block of 5 to 45 days."""
    missing = rng.random((count, days)) < population.lost_days
    for i in np.nonzero(rng.random(count) < population.blocks)[0]:
        first = rng.integers(0, days)
        missing[i, first : first + rng.integers(5, 46)] = True
    return missing
