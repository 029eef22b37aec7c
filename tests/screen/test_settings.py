"""Settings of the screening rule what it does, whichever share or thread does it; what it prints is JSON."""

import datetime as dt

import numpy as np
import pytest
from numba import get_num_threads

from crocs_cli.errors import CrocsError
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import limit_threads
from crocs_cli.screen import ingest
from crocs_cli.screen.daily import series
from crocs_cli.screen.daily.dates import Calendar
from crocs_cli.screen.ranking.assess import weekdays
from crocs_cli.screen.settings import FilterSettings, FitSettings
from tests.conftest import digests
from tests.screen.test_tables import energies, long_rows, names, write

TINY = (
    *("--no-compare-maps", "--epochs", 2, "--installations-per-shard", 8, "--filter-min-days-before", 360),
    *("--week-classes", 2, "--month-classes", 2, "--scale-classes", 2, "--day-timezone", "UTC"),
)


@pytest.fixture(scope="module")
def daily(tmp_path_factory):
    """16 installations, two years of days in one file."""
    rows = [("id", "date", "kwh"), *long_rows(energies(16), names(16))]
    return write(tmp_path_factory.mktemp("daily") / "daily.csv", rows)


@pytest.mark.parametrize("order", ["21", "12"])
def test_any_share_can_read_the_daily_file_first(daily, tmp_path, crocs, monkeypatch, order):
    def fit(run, *options):
        ended = crocs("screen", "fit", "--run", tmp_path / run, "--input-daily", daily, *TINY, *options)
        assert ended.code == 0, ended.err

    fit("alone")
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "1")
    for share in order:
        fit("shares", "--share", f"{share}/2")
    assert sorted(p.name for p in (tmp_path / "shares/screen/features").iterdir()) == ["00000.h5", "00001.h5"]
    fit("shares")
    assert get_num_threads() == 1
    assert digests(tmp_path / "shares") == digests(tmp_path / "alone")


def test_any_share_can_sum_profiles_first(tmp_path, crocs):
    ended = crocs(
        *("synth", "--run", tmp_path, "--consumers", 4, "--days", 20, "--shard-size", 2, "--seed", 2)
    )
    assert ended.code == 0, ended.err
    ended = crocs("screen", "fit", "--run", tmp_path, "--share", "2/2")
    assert ended.code == 0, ended.err
    assert [path.name for path in (tmp_path / "screen/daily").iterdir()] == ["00001.h5"]
    assert not ingest.run(tmp_path, FitSettings(), Team(1, 2))
    assert ingest.run(tmp_path, FitSettings(), Team(0, 2))


def test_kernels_keep_to_the_threads_that_a_process_was_given(monkeypatch):
    monkeypatch.setattr("crocs_cli.machine.threads.available_threads", lambda: 1)
    limit_threads()
    assert get_num_threads() == 1
    monkeypatch.setattr("crocs_cli.machine.threads.available_threads", lambda: 10_000)
    limit_threads()
    assert get_num_threads() >= 1


@pytest.mark.parametrize(
    ("country", "cure"),
    [("XX", "use a code such as PT, ES, BR or AU-NSW"), ("pt", "did you mean PT?"), ("AU-XX", "use a code")],
)
def test_a_country_without_holidays_is_a_wrong_call(tmp_path, crocs, country, cure):
    for holidays in ("ignore", "drop"):
        ended = crocs(
            "screen", "fit", "--run", tmp_path, "--day-country", country, "--day-holidays", holidays
        )
        assert ended.code == 2
        assert ended.err.count("\n") == 1
        assert "--day-country: no holidays" in ended.err
        assert f"no holidays are known of this country; {cure}" in ended.err


def test_holidays_of_a_country_count_as_asked():
    calendar = Calendar(dt.date(2021, 12, 20), 20)
    christmas = calendar.day_of(dt.date(2021, 12, 25))
    assert weekdays(calendar, "ignore", "PT")[christmas] == 5
    assert weekdays(calendar, "as_sunday", "PT")[christmas] == 6
    assert weekdays(calendar, "drop", "PT")[christmas] == -1
    assert (weekdays(calendar, "drop", "AU-NSW") == -1).sum() >= 4  # Boxing Day and its Monday too


def short_series(days):
    kwh = np.ones((2, days), np.float32)
    level, quality = np.zeros(2), np.zeros((2, days))
    calendar = Calendar(dt.date(2021, 1, 1), days)
    return series.Series.of(series.arrays_of(np.array(["a", "b"]), level, calendar, kwh, quality))


def test_the_least_days_on_a_side_are_those_of_the_settings():
    dref, days = dt.date(2021, 4, 11), 130  # 100 days before, 30 from it on
    limits = FilterSettings(min_days_before=100, min_days_after=30)
    windows = series.windows_of(short_series(days), dref, limits)
    assert (windows.split.tolist(), windows.end.tolist()) == ([100, 100], [130, 130])
    assert series.testable(windows, limits).all()
    for more in ({"min_days_before": 101}, {"min_days_after": 31}):
        higher = limits.model_copy(update=more)
        assert not series.testable(windows, higher).any()
        with pytest.raises(
            CrocsError, match=r"must lie before it and 3\d from it on; .*filter\.min_days_after"
        ):
            series.windows_of(short_series(days), dref, higher)


def test_each_installation_is_split_where_the_settings_allow():
    drop = short_series(200)
    drop.kwh[:, 70:] = 0.1
    limits = FilterSettings(min_days_before=60, min_days_after=60)
    own = series.windows_of(drop, "auto", limits.model_copy(update={"min_days_after": 30}))
    assert (np.abs(own.split - 70) <= 7).all()


def test_more_days_than_are_looked_at_are_refused(tmp_path, crocs):
    ended = crocs("screen", "fit", "--run", tmp_path, "--filter-min-days-before", 731)
    assert ended.code == 2
    assert "--filter-min-days-before" in ended.err
    assert "less than or equal to 730" in ended.err


@pytest.mark.parametrize("name", ["Europe/Lisbonne", "+99:00", "+1", ""])
def test_a_time_zone_that_is_none_is_a_wrong_call(tmp_path, crocs, name):
    ended = crocs("screen", "fit", "--run", tmp_path, "--day-timezone", name)
    assert ended.code == 2
    assert "no such time zone; use a name such as Europe/Lisbon, or +10:00" in ended.err
