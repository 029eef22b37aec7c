"""Settings come from one model, and each fault is named by its place."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine.settings import Document, check_keys, load, option_paths, settle
from crocs_cli.stages.settings import SECTIONS, IngestSettings, Stage1Settings, Stage2Settings

KNOWN = {"run": None, "seed": None, **SECTIONS}

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
stage1: {algorithm: ward, prototypes: 10, window: 1h, normalise: minmax, prototype: medoid}
stage2: {distance: wsmd, algorithm: ward, clusters: [5, 10]}
rrls:   {quality: rber, communities: 10, clusters: 5}
"""


def document(tmp_path, text):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    found = load(path)
    check_keys(found, KNOWN)
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
        ("stage1: {window: .nan}", "stage1.window: .*finite"),
        ("stage1: 3", "run.yaml:1: stage1: settings are `key: value` pairs"),
        ("stage1: [1", "run.yaml:1: not YAML"),
        ("- 1", "run.yaml:1: settings are `key: value` lines"),
        ("run: !!python/object/apply:os.getcwd []", "run.yaml:1: anchors, tags and deep nesting"),
        ("a: &x [1]\nb: *x", "anchors, tags and deep nesting are not read"),
        ("a: " + "[" * 50 + "]" * 50, "anchors, tags and deep nesting are not read"),
        ("ingest: {days: {from: 2013-02-30}}", "'2013-02-30' is not a plain value"),
    ],
)
def test_faults_name_file_line_and_key(tmp_path, text, fault):
    with pytest.raises(CallError, match=fault):
        document(tmp_path, text)


def test_faults_of_flags_and_variables_name_them():
    with pytest.raises(CallError, match="--days-type: ingest.days.type: input should be 'all'"):
        settle("ingest", IngestSettings, Document(), {("days", "type"): "sundays"}, {})
    with pytest.raises(CallError, match="CROCS_STAGE1_WINDOW: stage1.window"):
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
        check_keys(load(path), KNOWN)
    except CrocsError as error:
        assert "\n" not in str(error)  # noqa: PT017 - plain settings are right too
