"""Weeks and events go through all stages; nothing is compared that must not be."""

import re

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from crocs_cli import __main__
from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.distances.profiles import window_slots
from crocs_cli.rundir.layouts import PROFILES, RLS, TRUTH
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.run import Run
from tests import pages
from tests.conftest import ROOT, digests

SYNTH = ("--consumers", 60, "--days", 40, "--clusters", 4, "--outliers", 4, "--shard-size", 25)


def call(*words):
    assert __main__.run([str(word) for word in words]) == 0


def truth(run):
    return np.concatenate([files.read(path, TRUTH)["cluster"] for path in sorted((run / "truth").iterdir())])


@pytest.fixture(scope="module", params=["week", "event"])
def run(request, tmp_path_factory):
    """Return a run of weeks or events whose load sets, partition and behaviours are made."""
    run = tmp_path_factory.mktemp(request.param)
    call("synth", "--run", run, "--period", request.param, *SYNTH)
    call("stage1", "--run", run)
    call("stage2", "--run", run, "--clusters", 4)
    call("rrls", "--run", run, "--clusters", 4, "--communities", 4)
    return run


@pytest.mark.parametrize("algorithm", ["ward", "kmedoids"])
def test_the_planted_segments_are_found(run, tmp_path, algorithm):
    made = tmp_path / "run"
    period = Run(run).meaning().period
    call("synth", "--run", made, "--period", period, *SYNTH, "--seed", 7)
    call("stage1", "--run", made, "--algorithm", algorithm)
    call("stage2", "--run", made, "--clusters", 4, "--algorithm", algorithm)
    assert Run(made).meaning().period == period
    assert adjusted_rand_score(truth(made), Run(made).labels(4)[1]) >= 0.95


@pages.at_each_width("report/plain.html")
def test_a_browser_shows_the_report_whole(browser, run, width):
    call("report", "--run", run, "--clusters", 4)
    assert pages.faults(browser, run / "report" / "4" / "index.html", width) == []


def test_the_window_is_that_of_the_period(run):
    made, slots = Run(run), Run(run).size_of_sets()[1]
    assert slots == {"week": 168, "event": 6}[made.meaning().period]
    assert made.comparison(4).window == {"week": 1, "event": 0}[made.meaning().period]


def test_events_are_compared_by_euclidean_distance_as_they_are(run):
    made = Run(run)
    if not made.meaning().is_event:
        return
    assert (made.stage1_settings().window, made.stage1_settings().normalise) == (0, "none")
    read = files.read(run / "rls" / "00000.h5", RLS)
    raw = files.read(run / "profiles" / "00000.h5", PROFILES)["energy_kwh"]
    known = {row.tobytes() for row in raw}
    assert all(row.tobytes() in known for row in read["medoid"])
    some = read["medoid"][:30]
    euclidean = np.sqrt(((some[:, None].astype(float) - some[None]) ** 2).sum(axis=2))
    np.testing.assert_allclose(dtw_between(some, some, 0), euclidean, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("option", [("--window", "1h"), ("--normalise", "minmax")])
def test_a_setting_that_events_cannot_have_is_refused(crocs, run, option):
    if Run(run).meaning().is_event:
        ended = crocs("stage1", "--run", run, *option)
        assert (ended.code, ended.err.count("\n")) == (2, 1)
        assert f"{option[0]}: events are compared by their scaled features as they are" in ended.err


def test_shares_make_the_same_bytes(crocs, run, tmp_path):
    period = Run(run).meaning().period
    for words in (
        ("synth", "--period", period, *SYNTH),
        ("stage1",),
        ("stage2", "--clusters", 4),
        ("rrls", "--clusters", 4, "--communities", 4),
    ):
        for share in (2, 1):
            assert crocs(*words, "--run", tmp_path, "--share", f"{share}/2").code == 0
    made = digests(run)
    assert {name: made[name] for name in digests(tmp_path)} == digests(tmp_path)


def test_a_sample_knows_what_its_columns_mean(crocs, run, tmp_path):
    period = Run(run).meaning().period
    crocs("synth", "--run", tmp_path, "--period", period, *SYNTH)
    crocs("stage1", "--run", tmp_path)
    assert crocs("stage2", "--run", tmp_path, "--clusters", 4, "--sample", 50).code == 0
    assert Run(tmp_path).sample.meaning() == Run(run).meaning()


def test_other_periods_scales_and_units_are_not_compared(crocs, run, tmp_path):
    crocs("synth", "--run", tmp_path, "--consumers", 5, "--days", 10, "--clusters", 1)
    for words in (("assign", "--model"), ("compare", "--with")):
        ended = crocs(words[0], "--run", tmp_path, words[1], run, "--clusters", 4)
        assert (ended.code, ended.err.count("\n")) == (1, 1)
        assert (
            f"{tmp_path}: days of electricity in kWh, here {Run(run).meaning()}; name a run of the"
            in ended.err
        )
    one = Meaning("event", features=("a",), centre=(0.0,), spread=(1.0,))
    with pytest.raises(CrocsError, match="scaled otherwise; ingest them with ingest.events.scale_from"):
        one.check_same(Meaning("event", features=("a",), centre=(0.0,), spread=(2.0,)), "run")


def test_new_consumers_of_the_same_kind_are_assigned(crocs, run, tmp_path):
    period = Run(run).meaning().period
    crocs("synth", "--run", tmp_path, "--period", period, *SYNTH)
    ended = crocs("assign", "--run", tmp_path, "--model", run, "--clusters", 4)
    assert ended.code == 0, ended.err
    assert "0 unlike" in ended.out or "unlike" not in ended.out


def test_days_say_nothing_of_their_columns(crocs, tmp_path):
    crocs("synth", "--run", tmp_path, "--consumers", 5, "--days", 10, "--clusters", 1)
    made_by = files.read_recipe(tmp_path / "profiles" / "00000.h5", PROFILES)
    assert "columns" not in made_by
    assert "period" not in made_by["settings"]
    assert Meaning.of(made_by) == Meaning()
    Meaning().need_daily_kwh("peak")
    with pytest.raises(
        CrocsError, match=r"^peak: is for days in kWh, and these profiles are weeks of water in L"
    ):
        Meaning("week", "water", "L").need_daily_kwh("peak")


@pytest.mark.parametrize(
    ("meaning", "slots", "names"),
    [
        (Meaning(), 48, ["t0000", "t0030"]),
        (Meaning("week"), 168, ["mon_t0000", "mon_t0100"]),
        (Meaning("week", "water", "L"), 7, ["mon_t0000", "tue_t0000"]),
        (Meaning("event", features=("kwh", "start_sin")), 2, ["kwh", "start_sin"]),
    ],
)
def test_every_column_has_a_name(meaning, slots, names):
    found = meaning.slot_names(slots)
    assert (found[:2], len(found), len({*found})) == (names, slots, slots)


def test_an_hour_is_an_hour_in_a_day_and_in_a_week():
    assert [window_slots(60, 48), window_slots(60, 168, 10_080), window_slots(60, 336, 10_080)] == [2, 1, 2]
    assert window_slots(0, 6, 0) == 0


ASK = {  # who decides by the period, besides those that are of nothing else
    "rundir/ingest_settings.py",
    "stages/ingest.py",
    "stages/synth.py",
    "maths/synthetic/population.py",
    "stages/plan.py",
    "stages/report.py",
    "stages/export.py",
    "stages/forecast.py",
    "stages/quality.py",
    "report/naming.py",
}
OF_PERIODS = {"rundir/meaning.py", "report/axis.py", "report/speech.py"}


def test_few_places_ask_for_the_period():
    package = ROOT / "crocs_cli"
    asking = re.compile(r"\.period (==|!=)|\.is_event")
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if asking.search(path.read_text()) and not path.name.startswith("plain")
    }
    assert found <= ASK | OF_PERIODS
