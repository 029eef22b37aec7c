"""Messages name a setting as its user does: the flag that was typed, the variable, or the key of the file."""

from pathlib import Path

import pytest

from tests.readers.conftest import long_csv


@pytest.mark.parametrize(
    ("in_file", "variable", "flags", "name"),
    [
        (None, None, ["--interval", "60min"], "--interval"),
        ("ingest: {interval: 60min}", None, [], "ingest.interval"),
        ("ingest: {unit: kWh}", None, ["--interval", "60min"], "--interval"),
        ("ingest: {interval: 30min}", "60min", [], "CROCS_INGEST_INTERVAL"),
        (None, "60min", [], "CROCS_INGEST_INTERVAL"),
        (None, "30min", ["--interval", "60min"], "--interval"),
    ],
)
def test_an_error_names_a_setting_as_it_was_given(ingest, monkeypatch, in_file, variable, flags, name):
    text = long_csv()
    if in_file is not None:
        Path("my.yaml").write_text(in_file)
        flags = [*flags, "-c", "my.yaml"]
    if variable is not None:
        monkeypatch.setenv("CROCS_INGEST_INTERVAL", variable)
    refused = ingest(text, *flags)
    assert refused.code == 1
    assert f"intervals of 60min; set {name} to the time between readings" in refused.err


def test_a_setting_that_nobody_gave_is_a_key_where_there_is_a_file_and_a_flag_where_not(ingest):
    Path("my.yaml").write_text("seed: 1")
    missing = long_csv().replace("kwh", "used")
    assert "name the right one with --columns-energy" in ingest(missing).err
    assert "name the right one with ingest.columns.energy" in ingest(missing, "-c", "my.yaml").err


def test_lines_of_the_log_name_settings_as_errors_do(ingest, caplog):
    stray = long_csv().replace(":30,", ":30:03,")
    assert ingest(stray).code == 0
    assert "see --stamp-tolerance" in caplog.text
    caplog.clear()
    Path("my.yaml").write_text("seed: 1")
    assert ingest(stray, "--run", "b", "-c", "my.yaml").code == 0
    assert "see ingest.stamp_tolerance" in caplog.text


def test_the_flag_of_a_switch_is_named_as_it_is_written(ingest):
    without_header = long_csv().partition("\n")[2]
    assert "or give --no-header if no line does" in ingest(without_header).err


def test_the_names_of_files_are_left_as_they_are(ingest):
    Path("ingest.unit.csv").write_text("id,time,kwh\n")
    assert (
        "crocs: ingest.unit.csv: no column 'x'"
        in ingest(None, "ingest.unit.csv", "--columns-energy", "x").err
    )
