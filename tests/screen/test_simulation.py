"""The simulated population and the fifteen attacks do what their table says."""

import datetime as dt

import numpy as np
import pytest

from crocs_cli.screen.daily.dates import Calendar
from crocs_cli.screen.simulated import attacks
from crocs_cli.screen.simulated.population import PROFILES, sample, shared_weather

PROFILE_A = PROFILES["A"]
CALENDAR = Calendar(dt.date(2019, 1, 1), 1096)
START = 800


@pytest.fixture(scope="module")
def honest():
    return sample(PROFILE_A, CALENDAR, shared_weather(PROFILE_A, CALENDAR, 1), 600, np.random.default_rng(1))


def stolen_by(honest, number, rows=40):
    kwh = honest.kwh
    attack = np.zeros(len(kwh), int)
    attack[:rows] = number
    start = np.full(len(kwh), 0 if number == attacks.COMMISSIONING else START)
    recorded, stolen = attacks.commit(kwh, attack, start, CALENDAR.weekday, CALENDAR.month, [7])
    return kwh[:rows], recorded[:rows], stolen, recorded


@pytest.mark.parametrize("number", attacks.ATTACKS)
def test_an_attack_touches_its_own_days_only_and_is_accounted_for(honest, number):
    true, recorded, stolen, everybody = stolen_by(honest, number)
    if number != attacks.COMMISSIONING:
        assert (true[:, :START] == recorded[:, :START]).all()
    assert (everybody[40:] == honest.kwh[40:]).all()
    assert (stolen[40:] == 0).all()
    assert np.nanmin(recorded) >= 0
    expected = np.maximum(true - np.nan_to_num(recorded), 0).sum(axis=1, dtype=np.float64)
    assert stolen[:40] == pytest.approx(expected, rel=1e-4)
    assert (stolen[:40] > 0).all()


def ratios(honest, number):
    true, recorded, *_ = stolen_by(honest, number)
    return recorded[:, START:] / true[:, START:]


def test_factors_lie_in_their_ranges(honest):
    constant, own = ratios(honest, 1), ratios(honest, 5)
    assert np.ptp(constant, axis=1).max() < 1e-5
    for factors in (constant, own):
        assert factors.min() >= 0.2 - 1e-6
        assert factors.max() <= 0.8 + 1e-6
    assert np.ptp(own, axis=1).min() > 0.3


def test_windows_cover_10_to_40_percent_and_silence_is_missing(honest):
    zero = (ratios(honest, 4) == 0).mean(axis=1)
    silent = np.isnan(stolen_by(honest, 13)[1][:, START:]).mean(axis=1)
    for covered in (zero, silent):
        assert covered.min() >= 0.1
        assert covered.max() <= 0.48  # the last window may run over
    assert (ratios(honest, 12) == 0).mean() == pytest.approx(0.3, abs=0.02)


def test_weekdays_months_drift_and_replay(honest):
    week = ratios(honest, 7)
    touched = np.array([(week[:, CALENDAR.weekday[START:] == d] < 0.9).all(axis=1) for d in range(7)]).sum(
        axis=0
    )
    assert set(touched.tolist()) <= {2, 3, 4}
    season = ratios(honest, 10)
    months = np.array([(season[:, CALENDAR.month[START:] == m] < 0.9).all(axis=1) for m in range(12)]).sum(
        axis=0
    )
    assert months.max() <= 6  # months without a day after the start count as touched
    drift = ratios(honest, 8)
    assert (np.diff(drift, axis=1) <= 1e-5).all()
    assert drift[:, 0] == pytest.approx(np.ones(40))
    true, recorded, *_ = stolen_by(honest, 9)
    assert (recorded[:, START:].mean(axis=1) < 0.75 * true.mean(axis=1)).mean() > 0.9
    capped = stolen_by(honest, 2)[1][:, START:]
    assert (capped.max(axis=1) <= 0.9 * honest.kwh[:40, :START].mean(axis=1) + 1e-4).all()
    assert np.ptp(stolen_by(honest, 11)[1][:, START:], axis=1).max() == 0
    assert (stolen_by(honest, 15)[1][:, START:] == 0).all()


def test_honest_changes_are_as_frequent_as_promised():
    rng = np.random.default_rng(3)
    found = sample(PROFILE_A, CALENDAR, shared_weather(PROFILE_A, CALENDAR, 1), 3000, rng)
    assert (found.step_day >= 0).mean() == pytest.approx(PROFILE_A.steps, abs=0.02)
    assert (found.vacancy_day >= 0).mean() == pytest.approx(PROFILE_A.vacancies, abs=0.006)
    assert (found.solar_day >= 0).mean() == pytest.approx(PROFILE_A.solar, abs=0.008)
    single = PROFILE_A.lost_days + PROFILE_A.blocks * 25 / 1096
    assert found.missing.mean() == pytest.approx(single, abs=0.003)
    empty = np.nonzero((found.vacancy_day > 200) & (found.vacancy_day < 900) & (found.step_day < 0))[0]
    for row in empty:
        day = found.vacancy_day[row]
        left = found.kwh[row, day:].mean() / found.kwh[row, :day].mean()
        assert left < 0.5


def test_the_same_generator_gives_the_same_population():
    weather = shared_weather(PROFILE_A, CALENDAR, 5)
    first, second = (
        sample(PROFILE_A, CALENDAR, weather, 50, np.random.default_rng([5, 1])) for _ in range(2)
    )
    assert first.kwh.tobytes() == second.kwh.tobytes()
    assert not (shared_weather(PROFILE_A, CALENDAR, 6) == weather).all()
