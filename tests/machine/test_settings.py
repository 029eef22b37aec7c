"""Settings come from one model, and each fault is named by its place."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crocs_cli.cli.options import SECTIONS, read_document
from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine.settings import Document, check_keys, duration, load, option_paths, settle
from crocs_cli.rundir.settings import IngestSettings, RunSettings, Stage1Settings, Stage2Settings

EXAMPLE = """\
run: runs/example
seed: 1
ingest:
  reader: long            # long | wide | sgsc | lcl | ausgrid
  files: [readings.csv]   # globs, .csv, .csv.gz, .parquet
  columns: {consumer: id, time: time, energy: kwh}
  unit: kWh               # kWh | Wh | kW | W
  stamp: start            # a stamp names its interval's start | end
  timezone: UTC           # IANA name or fixed offset of the stamps
  interval: 30min
  days: {from: 2013-01-01, to: 2013-03-31, type: all}   # all | weekdays | weekends | workdays
  holidays: AU-NSW        # country or country-state, for workdays
  shard_size: 512
stage1: {algorithm: ward, prototypes: 10, window: 1h, normalise: minmax}
stage2: {distance: wsmd, algorithm: ward, clusters: [5, 10]}
rrls:   {quality: rber, communities: 10, clusters: 5}
"""


def document(tmp_path, text):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    found = load(path)
    check_keys(found, RunSettings.model_fields, SECTIONS)
    return found


def test_the_documented_file_works_as_it_stands(tmp_path):
    found = document(tmp_path, EXAMPLE)
    ingest = settle("ingest", IngestSettings, found, {}, {})
    assert (ingest.interval, ingest.days.from_, ingest.holidays) == (30, dt.date(2013, 1, 1), "AU-NSW")
    assert settle("stage1", Stage1Settings, found, {}, {}).window == 60
    assert settle("stage2", Stage2Settings, found, {}, {}).clusters == (5, 10)


def test_flag_over_environment_over_file_over_default(tmp_path):
    found = document(tmp_path, "stage1: {prototypes: 5}")
    variable = {"CROCS_STAGE1_PROTOTYPES": "6"}
    assert settle("stage1", Stage1Settings, Document(), {}, {}).prototypes == 15
    assert settle("stage1", Stage1Settings, found, {}, {}).prototypes == 5
    assert settle("stage1", Stage1Settings, found, {}, variable).prototypes == 6
    assert settle("stage1", Stage1Settings, found, {("prototypes",): "7"}, variable).prototypes == 7
    assert settle("stage2", Stage2Settings, Document(), {}, {"CROCS_STAGE2_CLUSTERS": "3, 4"}).clusters == (
        3,
        4,
    )


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        *[(text, 60) for text in ("60", "60min", "60 min", "1h", "1 hour", "1:00", "3600 s", "0.5h 30min")],
        *[(text, 90) for text in ("1h30min", "1 h 30 min", "1.5 hours", "90 minutes", "1:30", "5400 s")],
        *[(text, 0) for text in ("0", "0 min", "0:00")],
        ("1 day", 1440),
    ],
)
def test_a_duration_is_written_in_any_usual_way_and_shown_in_one(tmp_path, text, minutes):
    found = document(tmp_path, f"stage1: {{window: '{text}'}}")
    assert settle("stage1", Stage1Settings, found, {}, {}).window == minutes
    assert settle("stage1", Stage1Settings, Document(), {("window",): text}, {}).window == minutes
    assert (
        settle("stage1", Stage1Settings, Document(), {("window",): duration(minutes)}, {}).window == minutes
    )


@pytest.mark.parametrize("text", ["wide", "1 week", "1h h", "90 s", "h", "1,5h", "", "1:60", "1h-30min"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(CallError, match="--window: a duration is "):
        settle("stage1", Stage1Settings, Document(), {("window",): text}, {})


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5), ("5s", 5), ("5 seconds", 5), ("0.5min", 30), ("0:00", 0), ("0 s", 0)]
)
def test_a_plain_number_of_a_short_duration_is_seconds(text, seconds):
    flags = {("stamp_tolerance",): text}
    assert settle("ingest", IngestSettings, Document(), flags, {}).stamp_tolerance == seconds


@pytest.mark.parametrize(
    ("text", "fault"),
    [("1min", "less than or equal to 59"), ("0.5s", "a whole number of seconds"), ("soon", "written as 5s")],
)
def test_a_tolerance_that_is_no_time_below_a_minute_is_refused(text, fault):
    with pytest.raises(CallError, match=f"--stamp-tolerance: .*{fault}"):
        settle("ingest", IngestSettings, Document(), {("stamp_tolerance",): text}, {})


def test_yaml_is_read_as_it_is_written(tmp_path):
    """YAML 1.1 makes 600 of +10:00, 8 of 010, and false of no."""
    found = document(
        tmp_path,
        "run: 2013-01-31\ningest:\n  timezone: +10:00\n  interval: 0:30\n  pseudonym_key: no\n"
        "  holidays: on\n  columns: {consumer: 010, time: 08, energy: 1_000}\n"
        "  files: [007, 1e3, 'a,b']\n  stamp_format: ~\n"
        "screen-rank: {peer_adjust: no, figures: off, placebo: yes}\nplan: {consumers: 20_000}",
    )
    run = settle("", RunSettings, found, {}, {})
    ingest = settle("ingest", IngestSettings, found, {}, {})
    rank = settle("screen-rank", SECTIONS["screen-rank"], found, {}, {})
    assert run.run == Path("2013-01-31")
    assert (ingest.timezone, ingest.interval, ingest.pseudonym_key) == ("+10:00", 30, "no")
    assert (ingest.holidays, ingest.files, ingest.stamp_format) == ("on", ("007", "1e3", "a,b"), None)
    assert tuple(ingest.columns.model_dump().values())[:3] == ("010", "08", "1_000")
    assert (rank.peer_adjust, rank.figures, rank.placebo) == (False, False, True)
    assert settle("plan", SECTIONS["plan"], found, {}, {}).consumers == 20_000


@pytest.mark.parametrize("given", [("4,5",), ("4", "5"), ("4, 5",)])
def test_several_values_are_parted_by_commas_or_given_one_by_one(tmp_path, given):
    assert settle("stage2", Stage2Settings, Document(), {("clusters",): given}, {}).clusters == (4, 5)
    variable = {"CROCS_STAGE2_CLUSTERS": ",".join(given)}
    assert settle("stage2", Stage2Settings, Document(), {}, variable).clusters == (4, 5)
    for text in (",".join(given), f"[{','.join(given)}]"):
        found = document(tmp_path, f"stage2:\n  clusters: {text}")
        assert settle("stage2", Stage2Settings, found, {}, {}).clusters == (4, 5)


def test_a_section_is_judged_with_the_flags_and_variables_that_complete_it(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text("ingest: {days: {type: workdays}}")
    found = read_document(path, "ingest")
    flag, variable = {("holidays",): "AU-NSW"}, {"CROCS_INGEST_HOLIDAYS": "AU-NSW"}
    assert settle("ingest", IngestSettings, found, flag, {}).holidays == "AU-NSW"
    assert settle("ingest", IngestSettings, found, {}, variable).holidays == "AU-NSW"
    with pytest.raises(CallError, match=f"^{path}:1: ingest: workdays need holidays"):
        settle("ingest", IngestSettings, found, {}, {})


def test_values_that_do_not_go_together_name_all_their_places(tmp_path):
    found = document(tmp_path, "synth:\n  days: 20")
    with pytest.raises(CallError, match=f"^--outliers, {found.path}:1: synth: outliers 30 are more"):
        settle("synth", SECTIONS["synth"], found, {("outliers",): "30"}, {})
    flags = {("days", "from"): "2014-01-01", ("days", "to"): "2013-01-01"}
    with pytest.raises(CallError, match="^--days-from, --days-to: from 2014-01-01 is after"):
        settle("ingest", IngestSettings, Document(), flags, {})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "seed: 1\nstage1:\n  prototyps: 3",
            r"run.yaml:3: stage1.prototyps: no such key; did you mean prototypes\?",
        ),
        ("stge1: {}", r"run.yaml:1: stge1: no such key; did you mean stage1\?"),
        ("stage1:\n  prototypes: 0", "run.yaml:2: stage1.prototypes: .*greater than or equal to 1"),
        (
            "stage1: {window: 1h,\n window: 2h}",
            r"run.yaml:2: stage1.window is given twice \(first in line 1\)",
        ),
        (
            "ingest:\n  days: {frm: 2013-01-01}",
            r"run.yaml:2: ingest.days.frm: no such key; did you mean from\?",
        ),
        (
            "ingest:\n  days: {from: 2014-01-01, to: 2013-01-01}",
            "run.yaml:2: ingest.days: from 2014-01-01 is after",
        ),
        ("ingest: {timezone: Europe/Lodnon}", "run.yaml:1: ingest.timezone: no such time zone"),
        ("ingest: {interval: 7min}", "ingest.interval: 7 minutes do not divide an hour"),
        ("stage2: {clusters: [1, 0]}", "stage2.clusters: .*greater than or equal to 1"),
        ("stage2: {distance: wsdm}", "stage2.distance: input should be 'wsmd'"),
        ("synth: {outliers: 100}", "synth: outliers 100 are more than days 90"),
        ("synth: {shapes: 20, clusters: 2}", "20 of 20 shapes make 1 sets"),
        ("rrls: {min_coverage: nan}", "rrls.min_coverage: .*finite"),
        ("stage1: {window: .nan}", "stage1.window: a duration is written as 30min, 1h or 1h30min"),
        ("stage1: 3", "run.yaml:1: stage1: settings are `key: value` pairs"),
        ("stage1: [1", "run.yaml:1: not YAML"),
        ("- 1", "run.yaml:1: settings are `key: value` lines"),
        ("run: !!python/object/apply:os.getcwd []", "run.yaml:1: anchors, tags and deep nesting"),
        ("a: &x [1]\nb: *x", "anchors, tags and deep nesting are not read"),
        ("a: " + "[" * 50 + "]" * 50, "anchors, tags and deep nesting are not read"),
        (
            "ingest: {days: {from: 2013-02-30}}",
            r"run.yaml:1: ingest.days.from: .*day .* out.*range.* \(got '2013-02-30'\)",
        ),
    ],
)
def test_faults_name_file_line_and_key(tmp_path, text, fault):
    with pytest.raises(CallError, match=fault):
        document(tmp_path, text)


def test_faults_of_flags_and_variables_name_them():
    with pytest.raises(CallError, match="--days-type: input should be 'all'"):
        settle("ingest", IngestSettings, Document(), {("days", "type"): "sundays"}, {})
    with pytest.raises(CallError, match="CROCS_STAGE1_WINDOW: a duration is written"):
        settle("stage1", Stage1Settings, Document(), {}, {"CROCS_STAGE1_WINDOW": "wide"})


def test_a_missing_settings_file_is_one_line(tmp_path):
    with pytest.raises(CallError, match=r"none.yaml: No such file or directory"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_says_what_it_is(section):
    for keys, info in option_paths(SECTIONS[section]):
        assert info.description, keys
        assert not info.description.endswith("."), keys


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_no_text_is_a_traceback(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("fuzz") / "run.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        check_keys(load(path), RunSettings.model_fields, SECTIONS)
    except CrocsError as error:
        assert "\n" not in str(error)  # noqa: PT017 - plain settings are right too
