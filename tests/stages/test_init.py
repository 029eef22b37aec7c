"""`crocs init`: the settings that it writes read the files, and what it cannot know it asks for."""

from pathlib import Path

import pytest
import yaml

from tests.conftest import data
from tests.readers.conftest import long_csv, profiles
from tests.readers.feeds import THREE, USED, Meter, clock, feed, hours, used_kwh, warned
from tests.readers.test_known_formats import CA_TITLES, SAMPLES, expected, rows
from tests.readers.test_real_files import assert_same_days


@pytest.fixture
def init(crocs, tmp_path, monkeypatch):
    """Write a text as readings.csv and call init in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def call(text, *arguments):
        if text is not None:
            Path("readings.csv").write_text(text)
        return crocs("init", *arguments, *([] if text is None else ["readings.csv"]))

    return call


def written(path="run.yaml"):
    """Return the section `ingest` of the file that init wrote."""
    return yaml.safe_load(Path(path).read_text())["ingest"]


def filled_in(**values):
    """Fill in what init left to the user."""
    text = Path("run.yaml").read_text()
    for key, value in values.items():
        assert f"{key}: '?'" in text, text
        text = text.replace(f"{key}: '?'", f"{key}: {value}")
    Path("run.yaml").write_text(text)


def test_the_settings_of_a_long_file_run_once_the_clock_is_filled_in(init, crocs):
    said = init(long_csv(minutes=15))
    assert said.code == 0
    assert "sure: columns, interval, unit" in said.out
    assert "fill in: timezone (the clock of the stamps" in said.out
    refused = crocs("ingest", "-c", "run.yaml")
    assert refused.err == "crocs: run.yaml:6: ingest: fill in timezone; '?' stands there\n"
    assert refused.err.count("\n") == 1
    filled_in(timezone="Europe/London")
    assert crocs("ingest", "-c", "run.yaml").code == 0
    settings = ["--interval", "15min", "--timezone", "Europe/London"]
    assert crocs("ingest", "--run", "by-hand", *settings, "readings.csv").code == 0
    assert_same_days(profiles("runs/run"), profiles("by-hand"))


def test_the_settings_of_a_known_format_are_short_and_run_at_once(init, crocs):
    said = init(SAMPLES["lcl"][2])
    assert said.out.splitlines() == [
        "run.yaml: settings for lcl, for it has a column LCLid", "now: crocs ingest -c run.yaml"
    ]  # fmt: skip
    assert written() == {"reader": "lcl", "files": ["readings.csv"]}
    assert "# lcl means: unit kWh, stamp end, timezone UTC, interval 30min" in Path("run.yaml").read_text()
    assert crocs("ingest", "-c", "run.yaml").code == 0
    assert_same_days(profiles("runs/run"), expected("MAC1", 30))


def test_a_file_that_is_there_is_left_alone(init):
    Path("run.yaml").write_text("mine")
    refused = init(long_csv())
    assert refused.code == 1
    assert refused.err.startswith(
        "crocs: run.yaml: there already, and left alone; name another file with --output"
    )
    assert Path("run.yaml").read_text() == "mine"
    assert init(long_csv(), "--output", "other.yaml").code == 0
    assert written("other.yaml")["reader"] == "long"


@pytest.mark.parametrize(
    ("reader", "keys"),
    [
        ("sgsc", {"reader", "files"}),
        ("opower", {"reader", "files", "timezone"}),
        ("long", {"reader", "files", "columns", "unit", "stamp", "timezone", "interval"}),
        ("n3rgy", {"reader", "files", "stamp"}),
    ],
)
def test_without_files_the_settings_of_a_reader_are_written(init, reader, keys):
    assert init(None, "--reader", reader).code == 0
    assert written().keys() == keys
    assert "<- files or globs" in Path("run.yaml").read_text()


def test_a_call_without_files_or_reader_and_an_unknown_reader_are_refused(init):
    assert "no files to look at; name them after the command" in init(None).err
    refused = init(None, "--reader", "octopuss")
    assert "--reader: no such format; did you mean octopus?" in refused.err
    assert not Path("run.yaml").exists()


MONEY = "time,kwh,cost_gbp,temperature_c,battery_soc"
ROW = "{start:%Y-%m-%d %H:%M},{x},0.3,12.1,50"


@pytest.mark.parametrize("head", [MONEY, MONEY.replace("time", "")])
def test_cost_temperature_and_battery_are_never_consumers(init, crocs, head):
    text = rows(ROW, 30, head)
    Path("readings.csv").write_text(text)
    refused = crocs("ingest", "--run", "auto", "--reader", "auto", "readings.csv")
    assert refused.code == 1
    assert "'kwh' number, 'cost_gbp' number" in refused.err
    assert "run `crocs init readings.csv`" in refused.err
    assert init(text).code == 0
    assert written()["columns"]["energy"] == "kwh"
    assert written()["consumer_from"] == "file"


def test_nothing_of_a_file_but_its_column_names_is_shown(init, crocs):
    secret = "JANE DOE"
    titles = CA_TITLES.replace("A B", secret)
    text = rows(f"{{start:%Y-%m-%d %H:%M}},{{x}},{secret}", 30, titles + "when,energy kWh,note")
    said = init(text)
    assert secret not in said.out + said.err + Path("run.yaml").read_text()
    others = (
        f"{secret}\n1 MAIN ST\n",
        f"{secret},1 MAIN ST\n{secret},2 MAIN ST\n",
        f"Name,{secret}\nStreet,1 MAIN ST\nFrom,2024-06-03 00:00\nTo,2024-06-04 00:00\n",
        f"Name,{secret}\nZip,12345\n1 MAIN ST,7\n",
        text,
    )
    for other in others:
        Path("readings.csv").write_text(other)
        refused = crocs("ingest", "--run", "auto", "--reader", "auto", "readings.csv")
        assert refused.code == 1
        assert secret not in refused.err
        assert "MAIN" not in refused.err


def test_files_of_two_kinds_are_refused(init):
    Path("other.csv").write_text(SAMPLES["lcl"][2])
    refused = init(long_csv(), "other.csv")
    assert refused.code == 1
    assert "not like other.csv (reader long, not lcl); write settings for each kind" in refused.err


def test_a_matrix_whose_unit_nothing_says_is_asked_for_it(init, crocs):
    said = init(rows("{start:%Y-%m-%d %H:%M},100,{x}", 30, "utc,m1,m2"))
    assert "fill in: unit (kWh, Wh, kW or W: the file does not say)" in said.out
    refused = crocs("ingest", "-c", "run.yaml")
    assert refused.code == 2
    assert refused.err == "crocs: run.yaml:6: ingest: fill in unit; '?' stands there\n"
    filled_in(unit="Wh")
    assert crocs("ingest", "-c", "run.yaml").code == 0
    assert profiles("runs/run")["m1", "2024-06-03"] == pytest.approx([0.1] * 48)


HOURLY_NEM12 = (
    "100,NEM12,202402010000,MDP1,RET1\n200,A,E1,1,E1,N1,METER1,kWh,60,\n"
    f"300,20240101,{'0.1,' * 24}A,,,20240201000000,\n900\n"
)
NO_CLOCK = feed({"U1": [Meter(hours(THREE))]}, at="")
ODD_CLOCK = feed({"U1": [Meter(hours(THREE))]}, at=clock(-5, 3600, ("428E2000", "AE0E2000")))


@pytest.mark.parametrize("text", [NO_CLOCK, ODD_CLOCK], ids=["no clock", "of no known zone"])
def test_a_feed_whose_clock_says_no_zone_is_asked_for_it(init, crocs, text, caplog):
    said = init(text)
    assert said.code == 0
    assert "fill in: timezone (the homes' clock, which the file does not say, such as " in said.out
    assert "now:" not in said.out
    assert "Not ready to run" in Path("run.yaml").read_text().splitlines()[0]
    assert written()["timezone"] == "?"
    assert "fill in timezone; '?' stands there" in crocs("ingest", "-c", "run.yaml").err
    filled_in(timezone="America/New_York")
    assert crocs("ingest", "-c", "run.yaml").code == 0
    assert used_kwh("runs/run") == USED
    assert warned(caplog) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HOURLY_NEM12, "A: intervals of 60min; set ingest.interval to 60min"),
        ("100,NEM12,200401010000,MDP,Ret\n900\n", "no readings in the files, only headers"),
        (SAMPLES["lcl"][2].replace("0.1", "0;1", 1), "'0;1"),
    ],
    ids=["longer intervals", "no readings", "no number"],
)
def test_settings_that_fail_on_the_first_readings_are_not_called_ready(init, crocs, text, fault):
    said = init(text)
    assert said.code == 0
    assert "to mend: " in said.out
    assert fault in said.out
    assert "now:" not in said.out
    assert "# To mend first: " in Path("run.yaml").read_text()
    assert fault in crocs("ingest", "-c", "run.yaml").err


def test_accumulated_readings_are_refused_at_once(init):
    refused = init("100,NEM13,200401010000,MDP,Ret\n900\n")
    assert refused.code == 1
    assert refused.err == "crocs: readings.csv: NEM13, accumulated readings; crocs needs NEM12 intervals\n"


def test_without_files_nothing_is_called_ready(init):
    said = init(None, "--reader", "lcl")
    assert "fill in: files (names of your files, or globs)" in said.out
    assert "now:" not in said.out


def test_letters_mean_a_quality_only_in_a_column_that_says_so(init):
    row = "m1,{start:%Y-%m-%d %H:%M},{x},A"
    assert init(rows(row, 30, "id,time,kwh,trial")).code == 0
    assert "quality" not in written()
    assert init(rows(row, 30, "id,time,kwh,status"), "-o", "b.yaml").code == 0
    assert written("b.yaml")["quality"] == {"A": "measured"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("meter,tariff\nm1,Std\nm2,ToU\n", "no column of stamps or dates"),
        ("t,price\n" + "".join(f"2013-01-01 0{h}:00,High\n" for h in range(4)), "no column of energies"),
        ('{"a": 1}\n', "JSON, which is not read; turn it into CSV"),
        ("<html></html>\n", "XML or HTML, no table; for a Green Button"),
    ],
)
def test_a_file_without_readings_is_refused_in_one_line(init, text, fault):
    refused = init(text)
    assert refused.code == 1
    assert refused.err.startswith(f"crocs: readings.csv: {fault}")
    assert refused.err.count("\n") == 1
    assert not Path("run.yaml").exists()


CASES = [  # a file, what its user fills in, {consumer: (days used, kWh of them)}
    ("07*/time_kwh_cost.csv", {"timezone": "UTC"}, {"time_kwh_cost": (3, 31.152)}),
    ("07*/pandas_index.csv", {"timezone": "UTC"}, {"pandas_index": (3, 31.152)}),
    ("09*/smt_surplus.csv", {}, {"10000000000000001": (7, 150.864)}),
    ("09*/fluvius.csv", {}, {"541448800000000001": (7, 150.864)}),
    ("10*/unix.csv", {"timezone": "Europe/London"}, {"m1": (3, 31.152)}),
    ("15*/octopus.csv", {}, {"octopus": (7, 74.928)}),
    ("15*/edistribuzione.csv", {}, {"edistribuzione": (7, 150.864)}),
    ("15*/hue_Residential_1.csv", {}, {"hue_Residential_1": (7, 36.96)}),
    ("16*/enedis.csv", {}, {"00000000000000": (7, 74.928)}),
    ("16*/sdge.csv", {}, {"01234567": (7, 150.864)}),
    ("16*/pge.csv", {"timezone": "America/Los_Angeles"}, {"pge": (7, 151.03)}),
    ("17*/datadis.csv", {}, {"ES0000000000000001AA0F": (7, 36.96)}),
    ("18*/vic_cons.csv", {}, {"6100000001": (7, 74.928)}),
    ("19*/lastgang.csv", {"timezone": "Europe/Berlin"}, {"DE" + "0" * 30 + "1": (7, 150864.0)}),
    ("20*/elo_utf16.csv", {}, {"571313100000000001": (7, 36.96)}),
    ("20*/plain.zip", {"timezone": "UTC"}, {"m1": (3, 31.152)}),
    ("21*/dmy_offset.csv", {"timezone": "Europe/London"}, {"m1": (3, 31.152)}),
    ("22*/apt_headerless.csv", {"timezone": "UTC", "unit": "kW"}, {"apt_headerless": (3, 62.736)}),
    ("23*/resstock*.parquet", {}, {"101": (3, 63.706)}),
]


@pytest.mark.parametrize(("pattern", "fill", "expect"), CASES, ids=[case[0] for case in CASES])
def test_the_settings_for_files_as_people_have_them_read_every_kwh(init, crocs, pattern, fill, expect):
    path = next(iter(data("../cases/readings").glob(pattern)))
    assert init(None, path).code == 0
    if fill:
        asked = ", ".join(fill)
        assert f"fill in {asked}; '?' stands there" in crocs("ingest", "-c", "run.yaml").err
        filled_in(**fill)
    assert crocs("ingest", "-c", "run.yaml").code == 0
    found = {}
    for (consumer, _), kwh in profiles("runs/run").items():
        days, energy = found.get(consumer, (0, 0.0))
        found[consumer] = days + 1, energy + float(kwh.sum())
    assert found == {name: (days, pytest.approx(kwh, rel=1e-6)) for name, (days, kwh) in expect.items()}


def test_a_fault_with_signs_that_are_no_text_leaves_a_settings_file_that_can_be_read(init, crocs):
    text = SAMPLES["lcl"][2].replace("0.101", "\x07\x1b[2Jx", 1)
    assert "to mend: readings.csv" in init(text).out
    assert written()["reader"] == "lcl"
    assert "is not a number" in crocs("ingest", "-c", "run.yaml").err
