"""What is shown of weeks, events and water speaks of these, and of no days of electricity."""

import csv
import datetime as dt
import re

import numpy as np
import pytest

from crocs_cli import __main__
from crocs_cli.report.speech import said
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.run import Run
from tests.conftest import data, digests

ELECTRIC = ("kWh", "kW", "electricity", "energy", "solar")
FORBIDDEN = {"week": ("hours?", "daily"), "event": ("hours?", "daily", "days?"), "water": ELECTRIC}
SYNTH = ("--consumers", 40, "--days", 30, "--clusters", 3, "--outliers", 3)


def call(*words):
    assert __main__.run([str(word) for word in words]) == 0


def water(path):
    """Write hourly litres of 24 homes over 20 days: a half of them in the morning, a half in the evening."""
    random = np.random.default_rng(1)
    lines = ["id,time,litres"]
    for home in range(24):
        for hour in range(20 * 24):
            at = dt.datetime(2020, 1, 6) + dt.timedelta(hours=hour)
            usual = 30 if at.hour == (7, 20)[home % 2] else 3
            lines.append(f"day{home},{at:%Y-%m-%d %H:%M},{random.poisson(usual)}")
    path.write_text("\n".join(lines) + "\n")
    return path


def make(run, kind, seed=1):
    """Make a run up to its behaviours."""
    if kind == "water":
        options = ("--quantity", "water", "--unit", "L", "--columns-energy", "litres", "--interval", "1h")
        call("ingest", water(run.parent / "water.csv"), "--run", run, *options)
    else:
        call("synth", "--run", run, "--period", kind, *SYNTH, "--seed", seed)
    call("stage1", "--run", run)
    call("stage2", "--run", run, "--clusters", "2,3")
    call("rrls", "--run", run, "--clusters", 3, "--communities", 4)
    return run


@pytest.fixture(scope="module", params=["week", "event", "water"])
def run(request, tmp_path_factory):
    """Return a run with its report, whose name is its kind."""
    run = make(tmp_path_factory.mktemp("runs") / request.param, request.param)
    call("report", "--run", run, "--clusters", 3)
    return run


def seen(page):
    """Return what a reader of a page sees or hears, but for the settings."""
    for hidden in (r"<style.*?</style>", r'<section id="made".*?</section>', r"<code>.*?</code>"):
        page = re.sub(hidden, "", page, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", page) + " ".join(re.findall(r'aria-label="([^"]*)"', page))


def wrong_words(page, kind):
    return [word for word in FORBIDDEN[kind] if re.search(rf"\b{word}\b", seen(page))]


def test_no_page_and_no_picture_has_a_word_of_another_kind(run):
    pages = [*(run / "report").rglob("*.html"), *(run / "report").rglob("*.svg")]
    assert len(pages) > 8
    assert {page.name: wrong_words(page.read_text(), run.name) for page in pages} == {
        page.name: [] for page in pages
    } or run.name == "water"
    if run.name == "water":
        assert not any(wrong_words(page.read_text(), "water") for page in pages)
        assert "L a day" in (run / "report" / "3" / "index.html").read_text().replace("</th>", "")


def test_columns_of_tables_are_named_by_period_and_unit(run):
    names = {
        name
        for path in (run / "report").rglob("*.csv")
        for name in path.read_text().split("\n")[0].split(",")
    }
    wanted = {
        "week": {"mean_weekly_kwh", "week_hour", "weeks"},
        "event": {"mean_event_kwh", "feature", "events"},
        "water": {"mean_daily_l", "hour", "days"},
    }[run.name]
    assert wanted <= names
    assert not {"mean_daily_kwh"} & names


@pytest.mark.parametrize("what", ["segments", "hyperprototypes", "coverage", "mean-days", "rls", "profiles"])
def test_exported_columns_are_named_by_period_and_unit(run, tmp_path, what):
    call("export", "--run", run, "--clusters", 3, "--what", what, tmp_path / "table.csv")
    names = (tmp_path / "table.csv").read_text().split("\n")[0].split(",")
    assert "mean_daily_kwh" not in names
    if what == "profiles":
        slots = Run(run).size_of_sets()[1]
        assert names[2:] == Run(run).meaning().slot_names(slots)
    if what == "mean-days":
        assert ("peak_share" in names) == (run.name != "event")


def test_the_report_agrees_with_the_export(run, tmp_path):
    call("export", "--run", run, "--clusters", 3, "--what", "segments", tmp_path / "table.csv")
    exported = list(csv.DictReader((tmp_path / "table.csv").open()))
    reported = list(csv.DictReader((run / "report" / "3" / "segments.csv").open()))
    column = Run(run).meaning().column("mean_daily_kwh")
    for one, other in zip(exported, reported, strict=True):
        assert one["consumers"] == other["consumers"]
        assert float(one[column]) == pytest.approx(float(other[column]), rel=1e-4)


def test_a_report_that_is_there_stays_and_one_to_be_passed_on_names_nobody(run):
    before = digests(run / "report")
    call("report", "--run", run, "--clusters", 3)
    assert digests(run / "report") == before
    call("report", "--run", run, "--clusters", 3, "--rule", "5/50")
    ids = Run(run).labels(3)[0]
    for path in (run / "report-share-safe").rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert not [name for name in ids if re.search(rf"\b{name}\b", text)]
            assert "medoid" not in text or path.suffix == ".html"


def test_forecasts_are_of_days_and_weeks(crocs, run):
    ended = crocs("forecast", "--run", run, "--clusters", 3, "--test-days", 5)
    if run.name == "event":
        assert (ended.code, ended.err.count("\n")) == (1, 1)
        assert "forecasts are of days and weeks, and these profiles are events" in ended.err
        return
    assert ended.code == 0, ended.err
    first = (run / "forecast" / "forecast.csv").read_text().split("\n")
    names = first[0].split(",")
    assert {"l_mae" if run.name == "water" else "kwh_mae", "date"} <= {*names}
    if run.name == "week":
        assert dt.date.fromisoformat(first[1].split(",")[names.index("date")]).weekday() == 0


def test_the_quality_page_is_of_days(crocs, run):
    if run.name == "water":
        assert crocs("quality", "--run", run).code == 0
        assert not wrong_words((run / "quality" / "index.html").read_text(), "water")
    elif run.name == "week":
        ended = crocs("quality", "--run", run)
        assert (ended.code, ended.err.count("\n")) == (1, 1)
        assert "the page is of days, not of weeks" in ended.err


def test_two_periods_are_compared_in_the_same_words(crocs, run, tmp_path):
    if run.name == "water":
        return
    later = tmp_path / "later"
    call("synth", "--run", later, "--period", run.name, *SYNTH, "--seed", 2)
    assert crocs("compare", "--run", later, "--with", run, "--clusters", 3).code == 0
    pages = [*(later / "comparison").rglob("*.html"), *(later / "comparison").rglob("*.svg")]
    assert not any(wrong_words(page.read_text(), run.name) for page in pages)


def test_a_command_for_days_in_kwh_refuses_in_one_line(crocs, run):
    for words in (("target",), ("peak",), ("bills",), ("impact",)):
        ended = crocs(*words, "--run", run, "--clusters", 3)
        assert (ended.code != 0, ended.err.count("\n")) == (True, 1), words
        if words[0] != "impact":  # which wants a file first
            assert f"is for days in kWh, and these profiles are {Run(run).meaning()}" in ended.err, words


def test_ids_and_settings_are_not_translated():
    page = '<p>A day of energy</p><th scope="row">day</th><section id="made"><td>days</td></section>'
    assert said(page, Meaning("week", "water", "L")) == page.replace("A day of energy", "A week of water")
    assert said(page, Meaning()) == page


REAL = {  # name: (file, options of ingest, kind)
    "showers": (
        "events/amphiro_shower_events.csv.gz",
        "--period event --quantity water --unit L --columns-consumer home --columns-time time_local "
        "--events-features volume_l,temp_c,flow_l_min,duration_s --events-amount volume_l",
        "event",
    ),
    "charging": (
        "events/ev_norway12_sessions.csv.gz",
        "--period event --columns-consumer user --columns-time start --events-end end --events-clock start "
        "--events-features kwh,duration_h --events-amount kwh --timezone Europe/Oslo "
        "--events-at-most duration_h=72 --days-to 2019-12-31",
        "event",
    ),
    "weeks": (
        "water/alicante_water_hourly_litres.csv.gz",
        "--period week --quantity water --unit L --reader matrix --interval 1h --columns-time start_local "
        "--timezone Europe/Madrid --clock-change fold --max-missing-slots 2",
        "week",
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_real_tables_go_from_the_file_to_the_report(tmp_path, name):
    file, options, kind = REAL[name]
    call("ingest", data(file), "--run", tmp_path, *options.split())
    call("stage1", "--run", tmp_path, "--prototypes", 5)
    call("stage2", "--run", tmp_path, "--clusters", 3)
    call("rrls", "--run", tmp_path, "--clusters", 3, "--communities", 4)
    call("report", "--run", tmp_path, "--clusters", 3)
    page = (tmp_path / "report" / "3" / "index.html").read_text()
    wrong = wrong_words(page, kind)
    assert not [word for word in wrong if not (name == "charging" and word == "days?")]
    if name != "charging":
        assert not wrong_words(page, "water")
    rows = list(csv.DictReader((tmp_path / "quality.csv").open()))
    if kind == "event":
        total = {key: sum(int(row[key]) for row in rows) for key in rows[0] if key.startswith(("ev", "dup"))}
        left = (
            "outside_range",
            "of_other_type",
            "without_number",
            "reversed",
            "too_large",
            "left_overlapping",
        )
        lost = sum(total[f"events_{reason}"] for reason in left)
        assert total["events_read"] == total["duplicates"] + total["events_used"] + lost
        assert total["events_used"] > 0.2 * total["events_read"]
