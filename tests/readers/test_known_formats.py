"""Formats that are described as data: a small file of each comes out with its days, clock and every kWh."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from crocs_cli.readers import described
from crocs_cli.readers.formats import format_of
from tests.conftest import data
from tests.readers.conftest import counts, profiles
from tests.readers.test_real_files import assert_same_days

MONDAY = dt.datetime(2024, 6, 3)
Readings = list[tuple[dt.datetime, float]]


def series(minutes, days=2):
    """Return the starts and energies of some days, all different and of three decimals."""
    steps = range(days * 1440 // minutes)
    return [(MONDAY + dt.timedelta(minutes=minutes * i), round(0.1 + i / 1000, 3)) for i in steps]


def rows(form, minutes=30, head="", scale=1.0, comma=False, days=2):
    """Write one line a reading; `form` gets start, end, x (the value) and h (the hour from 1 on)."""
    lines = [head]
    for start, kwh in series(minutes, days):
        end = start + dt.timedelta(minutes=minutes)
        value = f"{kwh * scale:.3f}"
        value = value.replace(".", ",") if comma else value
        utc = start - dt.timedelta(hours=3)  # of Finland's summer
        period = 2 * start.hour + start.minute // 30 + 1
        lines.append(form.format(start=start, end=end, utc=utc, x=value, h=start.hour + 1, period=period))
    return "\n".join([*lines, ""])


def wide(head, row, label, minutes, comma=False, separator=","):
    """Write one line a day."""
    starts = [MONDAY + dt.timedelta(minutes=m) for m in range(0, 1440, minutes)]
    labels = [label.format(start=s, end=s + dt.timedelta(minutes=minutes)) for s in starts]
    lines = [head + separator + separator.join(labels)]
    values = [f"{kwh:.3f}".replace(".", "," if comma else ".") for _, kwh in series(minutes)]
    for day in range(2):
        cells = values[day * len(starts) : (day + 1) * len(starts)]
        lines.append(separator.join([row.format(day=MONDAY + dt.timedelta(days=day)), *cells]))
    return "\n".join([*lines, ""])


def matrix(head, stamp, minutes, scale=1.0, comma=False, separator=","):
    """Write one line a stamp, with two consumers of whom the second uses twice as much."""
    lines = [head]
    for start, kwh in series(minutes):
        end = start + dt.timedelta(minutes=minutes)
        cells = [f"{kwh * scale * times:.3f}".replace(".", "," if comma else ".") for times in (1, 2)]
        lines.append(separator.join([stamp.format(start=start, end=end), *cells]))
    return "\n".join([*lines, ""])


DMY, ISO = "{start:%d-%m-%Y}", "{start:%Y-%m-%d}"
CA_TITLES = 'Name,A B\nAddress,"1 MAIN ST, TOWN CA 90000"\nAccount Number,00\nService,Service 1\n\n'
FLUVIUS = (
    "Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);EAN-code;Meter;Metertype;Register;Volume;Eenheid;"
    "Validatiestatus;Omschrijving"
)
TEXAS = "'10443720000000001,{start:%m/%d/%Y},06/05/2024 07:40:29, {start:%H:%M}, {end:%H:%M}"
FLANDERS = (
    f'{DMY};{{start:%H:%M:%S}};{{end:%d-%m-%Y}};{{end:%H:%M:%S}};="541448800000000001";1SAG;Digitale meter'
)
SAMPLES = {  # format: (consumer, minutes, the file's text, settings that it leaves to the user)
    "lcl": ("MAC1", 30, rows("MAC1,{end:%Y-%m-%d %H:%M:%S}.0000000, {x} ", head="LCLid,tstp,energy(kWh/hh)")),
    "opower": (
        "42", 30,
        rows(
            "42\t{x}\t{end:%Y%m%d}\t{end:%H%M}\tA", 30,
            "service_point_id\tusage_value\tdate\ttime\tis_estimate",
        ),
        "--timezone", "America/New_York",
    ),
    "smart-meter-texas": (
        "10443720000000001", 15,
        rows(
            f"{TEXAS},{{x}},A,Consumption\n{TEXAS},9,A,Surplus Generation",
            15, "ESIID,USAGE_DATE,REVISION_DATE,USAGE_START_TIME,USAGE_END_TIME,USAGE_KWH,ESTIMATED_ACTUAL,"
            "CONSUMPTION_SURPLUSGENERATION",
        ),
    ),
    "esb-kw": (
        "10300000000", 30,
        rows(
            "10300000000,0003,{x},Active Import Interval (kW),{end:%d-%m-%Y %H:%M}\n"
            "10300000000,0003,9,Active Export Interval (kW),{end:%d-%m-%Y %H:%M}",
            30, "MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time", scale=2,
        ),
    ),
    "esb-kwh": (
        "10300000000", 30,
        rows(
            "10300000000,0003,{x},Active Import Interval (kWh),{end:%d-%m-%Y %H:%M}",
            30, "MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time",
        ),
    ),
    "spain-hours": (
        "ES0021", 60,
        rows(
            "ES0021;{start:%d/%m/%Y};{h};{x};R", 60, "CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion",
            comma=True,
        ),
    ),
    "datadis": (
        "ES0031", 60,
        rows(
            "ES0031;{start:%Y/%m/%d};{h:02d}:00;{x};Real", 60, "cups;fecha;hora;consumo_kWh;metodoObtencion",
            comma=True,
        ),
    ),
    "enedis": (
        "00000000000000", 30,
        rows(
            "{end:%Y-%m-%dT%H:%M:%S}+02:00;{x}", 30,
            "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Unite;Pas en minutes\n"
            "00000000000000;Courbe de charge;03/06/2024;04/06/2024;W;\n\nHorodate;Valeur",
            scale=2000,
        ),
    ),
    "fluvius": (
        "541448800000000001", 15,
        rows(
            f"{FLANDERS};Afname Dag;{{x}};kWh;Uitgelezen;\n{FLANDERS};Injectie Dag;9,0;kWh;Uitgelezen;",
            15, FLUVIUS, comma=True,
        ),
    ),
    "e-redes": (
        "readings", 15,
        rows(
            "{end:%Y/%m/%d},{end:%H:%M},{x},Real", 15,
            "Dados Globais\nCPE,PT0002\nIntervalo:,15 min\n\nData,Hora,Consumo registado (kW),Estado",
            scale=4,
        ),
    ),
    "eloverblik": (
        "571313", 60,
        rows(
            f"571313;{DMY} {{start:%H:%M:%S}};{DMY} {{end:%H:%M:%S}};{{x}};KWH;Målt;Tidsserie", 60,
            "MålepunktsID;Fra_dato;Til_dato;Mængde;Måleenhed;Kvalitet;Type", comma=True,
        ),
    ),
    "elhub": (
        "readings", 60,
        rows(
            "{start:%d.%m.%Y %H:%M};{end:%d.%m.%Y %H:%M};{x};Målt", 60, "Fra;Til;KWH 60 Forbruk;Kvalitet",
            comma=True,
        ),
    ),
    "fingrid": (
        "643", 60,
        rows(
            "643;8716867000030;PT1H;kWh;BN01;{utc:%Y-%m-%dT%H:%M:%S}Z;{x};OK", 60,
            "Mittauspisteen tunnus;Tuotteen tyyppi;Resoluutio;Yksikkötyyppi;Lukeman tyyppi;Alkuaika;Määrä;"
            "Laatu",
            comma=True,
        ),
    ),
    "wiener-netze": (
        "readings", 15,
        rows(
            "{start:%d.%m.%Y};{start:%H:%M:%S};{end:%H:%M:%S};{x}", 15,
            "Datum;Zeit von;Zeit bis;AT001 - Verbrauch [kWh]", comma=True,
        ),
    ),
    "octopus": (
        "readings", 30,
        rows(
            "{x}, 1.44, 0.98, {start:%Y-%m-%dT%H:%M:%S}+01:00, {end:%Y-%m-%dT%H:%M:%S}+01:00", 30,
            "Consumption (kwh), Estimated Cost Inc. Tax (p), Standing Charge Inc. Tax (p), Start, End",
        ),
    ),
    "n3rgy": (
        "readings", 30, rows("{end:%Y-%m-%d %H:%M},{x}", 30, "timestamp (UTC),energyConsumption (kWh)")
    ),
    "green-button-csv": (
        "readings", 60,
        rows(
            f"Electric usage,{ISO},{{start:%H:%M}},{{end:%H:%M}},{{x}},$0.09 ,", 60,
            CA_TITLES + "TYPE,DATE,START TIME,END TIME,USAGE (kWh),COST,NOTES",
        ),
        "--timezone", "America/New_York",
    ),
    "pge": (
        "readings", 15,
        rows(
            f"Electric usage,{ISO},{{start:%H:%M}},{{end:%H:%M}},{{x}},0.5,$0.09 ,", 15,
            CA_TITLES + "TYPE,DATE,START TIME,END TIME,IMPORT (kWh),EXPORT (kWh),COST,NOTES",
        ),
    ),
    "comed": (
        "readings", 30,
        rows(
            f"Electric usage,{ISO},{{start:%H:%M}},{{end:%H:%M}},{{x}},kWh,$0.02,", 30,
            CA_TITLES + "TYPE,DATE,START TIME,END TIME,USAGE,UNITS,COST,NOTES",
        ),
    ),
    "sdge": (
        "01234567", 15,
        rows(
            '"01234567","{start:%m/%d/%Y}","{start:%I:%M %p}","15","{x}","0.0","{x}"', 15,
            "Name,A B\nResource,Electric\nMeter Number,01234567\nUOM,kWh\n"
            "Meter Number,Date,Start Time,Duration,Consumption,Generation,Net",
        ),
    ),
    "sce": (
        "readings", 15,
        rows(
            '"{start:%m/%d/%Y} ","{start:%m/%d/%Y %I:%M%p} ","{end:%m/%d/%Y %I:%M%p} ","{x}","0.000"', 15,
            'Energy Usage Information\n"For location: 1 MAIN ST"\n\nDetailed Usage\n'
            "Date,Energy Consumption time Period Start,Energy Consumption time Period End,Delivered,Received",
        ),
    ),
    "victoria": (
        "6000000001", 30,
        wide(
            "NMI,METER SERIAL NUMBER,CON/GEN,DATE,ESTIMATED?", "6000000001,111,Consumption,{day:%d/%b/%Y},N",
            "{start:%H:%M} - {end:%H:%M}", 30,
        ),
    ),
    "enedis-sge": (
        "30000000000001", 30,
        rows(
            "30000000000001;2024-06-03;2024-06-05;PA;CONS;BRUT;W;{end:%Y-%m-%d %H:%M:%S};{x};B;PT30M;0;0\n"
            "30000000000001;2024-06-03;2024-06-05;PA;PROD;BRUT;W;{end:%Y-%m-%d %H:%M:%S};9;B;PT30M;0;0",
            30, "Identifiant PRM;Date de début;Date de fin;Grandeur physique;Grandeur métier;Etape métier;"
            "Unité;Horodate;Valeur;Nature;Pas;Indice de vraisemblance;Etat complémentaire", scale=2000,
        ),
    ),
    "eiep3": (
        "0000000001AB1CD", 30,
        rows(
            "DET,0000000001AB1CD,S1,F,{start:%d/%m/%Y},{period},{x},0,0,X,null\n"
            "DET,0000000001AB1CD,S1,F,{start:%d/%m/%Y},{period},9,0,0,I,null",
            30, "HDR,ICPHH,10,RETA,RETA,DIST,03/06/2024,10:00:00,0001,96,202406,E,I",
        ),
    ),
    "hydro-quebec": (
        "300000001", 60,
        rows(
            "300000001;{start:%Y-%m-%d %H:%M:%S};{x};R;12;R", 60,
            "Contrat;Date et heure;kWh;Code de consommation;Température moyenne (°C);Code de température",
            comma=True,
        ),
    ),
    "bc-hydro": (
        "0900", 60,
        rows(
            '"A B","0900","{start:%Y-%m-%d %H:%M}","{x}","N/A","N/A",""', 60,
            '"Account Holder","Account Number","Interval Start Date/Time","Net Consumption (kWh)",'
            '"Demand (kW)","Power Factor (%)","Estimated Usage"',
        ),
    ),
    "e-distribuzione": (
        "readings", 15,
        wide("Giorno", "{day:%d/%m/%Y}", "{start:%H:%M}-{end:%H:%M}", 15, comma=True, separator=";"),
    ),
    "ld2011": (
        "MT_001", 15,
        matrix('"";"MT_001";"MT_002"', '"{end:%Y-%m-%d %H:%M:%S}"', 15, scale=4, comma=True, separator=";"),
    ),
    "bdg2": (
        "Panther_lodging_Cora", 60,
        matrix("timestamp,Panther_lodging_Cora,Bear_education_Alfredo", "{start:%Y-%m-%d %H:%M:%S}", 60),
    ),
    "hue": ("readings", 60, rows("{start:%Y-%m-%d},{start.hour},{x}", 60, "date,hour,energy_kWh")),
}  # fmt: skip


def expected(consumer, minutes, days=2):
    """Return {(consumer, ISO date): energy} of the days of a sample."""
    energies = np.array([kwh for _, kwh in series(minutes, days)]).reshape(days, -1)
    return {(consumer, str(MONDAY.date() + dt.timedelta(days=day))): row for day, row in enumerate(energies)}


WITHOUT_SIGNS = {"pge", "comed"}  # whose files others' are like


@pytest.mark.parametrize("name", SAMPLES)
def test_a_described_format_is_told_by_its_signs_and_has_every_day_clock_and_kwh(ingest, caplog, name):
    caplog.set_level("INFO")
    consumer, minutes, text, *settings = SAMPLES[name]
    reader = name if name in WITHOUT_SIGNS else "auto"
    outcome = ingest(text, "--reader", reader, *settings)
    assert outcome.code == 0, outcome.err
    told = [line for line in caplog.messages if line.startswith(f"readings.csv: read as {name}, for it has ")]
    assert bool(told) == (name not in WITHOUT_SIGNS)
    found = {key: kwh for key, kwh in profiles().items() if key[0] == consumer}
    assert_same_days(found, expected(consumer, minutes))


def test_every_format_of_the_data_file_has_a_sample_and_a_source():
    apart = {"resstock", "esb-daily", "esb-daily-dnp"}  # of Parquet, and of registers
    assert set(described.known()) - apart == set(SAMPLES)
    for name, description in described.known().items():
        assert len(description.source) > 10, name
        assert format_of(name).fixed()["unit"] in ("kWh", "kW", "W"), name


def test_resstock_names_the_end_in_eastern_standard_time(ingest):
    starts, kwh = zip(*series(15), strict=True)
    ends = [start + dt.timedelta(minutes=15) for start in starts]
    table = pa.table({
        "bldg_id": [101] * len(ends),
        "timestamp": ends,
        "out.electricity.total.energy_consumption": kwh,
        "out.natural_gas.total.energy_consumption": kwh,
    })  # fmt: skip
    parquet.write_table(table, "101-0.parquet")
    assert ingest(None, "--reader", "auto", "101-0.parquet").code == 0
    assert_same_days(profiles(), expected("101", 15))


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        ("esb-daily", {"24 Hr Active Import Register (kWh)": 1.0, "24 Hr Active Export Register (kWh)": 0.5}),
        (
            "esb-daily-dnp",
            {
                "Day Peak Import Register (kWh)": 0.25,
                "Day Off-Peak Import Register (kWh)": 0.25,
                "Night Import Register (kWh)": 0.5,
            },
        ),
    ],
)
def test_registers_of_esb_networks_give_the_energy_of_each_day(ingest, caplog, name, shares):
    caplog.set_level("INFO")
    kwh = [10.5, 12.25, 9.75]
    totals = 34000 + np.cumsum([0.0, *kwh])
    lines = ["MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time"]
    for day in reversed(range(4)):  # the newest first
        stamp = f"{MONDAY + dt.timedelta(days=day):%d-%m-%Y} 00:00"
        lines += [
            f"10300000000,0087,{share * totals[day]:.4f},{kind},{stamp}" for kind, share in shares.items()
        ]
    assert ingest("\n".join([*lines, ""]), "--reader", "auto").code == 0
    assert any(f"read as {name}, for" in line for line in caplog.messages)
    found = {day: float(energy.sum()) for (_, day), energy in profiles().items()}
    days = [str(MONDAY.date() + dt.timedelta(days=day)) for day in range(3)]
    assert found == {day: pytest.approx(used) for day, used in zip(days, kwh, strict=True)}


def test_trading_periods_count_on_through_the_changes_of_the_clock(ingest):
    lines = ["HDR,ICPHH,10,RETA,RETA,DIST,03/06/2024,10:00:00,0001,96,202406,E,I"]
    for day, periods in (("07/04/2024", 50), ("29/09/2024", 46)):
        lines += [f"DET,A,S1,F,{day},{n},1.0,0,0,X,null" for n in range(1, periods + 1)]
    text = "\n".join([*lines, ""])
    assert ingest(text, "--reader", "eiep3", "--clock-change", "fold").code == 0
    assert {day: float(kwh.sum()) for (_, day), kwh in profiles().items()} == {
        "2024-04-07": 48.0, "2024-09-29": 48.0
    }  # fmt: skip
    one_more = f"{text}DET,A,S1,F,29/09/2024,47,1.0,0,0,X,null\n"
    refused = ingest(one_more, "--run", "b", "--reader", "eiep3")
    assert "c6 47 of a day of 46 in Pacific/Auckland" in refused.err


def test_both_layouts_of_a_format_may_be_mixed(ingest):
    old = rows("MAC1,{end:%Y-%m-%d %H:%M:%S}.0000000, {x} ", 30, "LCLid,tstp,energy(kWh/hh)")
    new = rows(
        "MAC2,Std,{end:%Y-%m-%d %H:%M:%S}.0000000, {x} ,A,B", 30,
        "LCLid,stdorToU,DateTime,KWH/hh (per half hour) ,Acorn,Acorn_grouped",
    )  # fmt: skip
    Path("old.csv").write_text(old)
    Path("new.csv").write_text(new)
    assert ingest(None, "--reader", "lcl", "old.csv", "new.csv").code == 0
    assert_same_days(profiles(), {**expected("MAC1", 30), **expected("MAC2", 30)})


MINE = """
mine:
  about: the meters of our street
  source: our own
  layout: long
  columns: {consumer: [who, name], time: when, energy: use}
  stamp_format: "%d.%m.%Y %H:%M"
  unit: Wh
  stamp: end
  timezone: Europe/Vienna
"""


def mine(head="who;when;use"):
    return rows("A;{end:%d.%m.%Y %H:%M};{x}", 30, head, scale=1000)


def test_a_format_of_the_users_own_is_a_file_of_the_same_kind(ingest):
    Path("mine.yaml").write_text(MINE)
    for run, head in (("a", "who;when;use"), ("b", "name;when;use")):
        assert ingest(mine(head), "--run", run, "--reader", "mine.yaml").code == 0
        assert_same_days(profiles(run), expected("A", 30))


def test_a_users_format_may_be_like_a_known_one(ingest):
    Path("mine.yaml").write_text("ours:\n  like: lcl\n  timezone: Europe/London\n  unit: Wh\n")
    text = rows("MAC1,{end:%Y-%m-%d %H:%M:%S}, {x} ", 30, "LCLid,tstp,energy(kWh/hh)", scale=1000)
    assert ingest(text, "--reader", "mine.yaml").code == 0
    assert_same_days(profiles(), expected("MAC1", 30))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("unit: Wh|unitt: Wh", "mine.yaml:8: mine.unitt: no such key; did you mean unit?"),
        ("unit: Wh|unit: J", "mine.yaml: unit: input should be 'kWh'"),
        ("Europe/Vienna|Europe/Wien", "mine.yaml: timezone: no such time zone; use a name"),
        ("stamp: end|stamp: middle", "mine.yaml:9: mine.stamp: input should be 'start' or 'end'"),
        ("  layout: long\n|", "mine.yaml:2: mine.layout: field required"),
        ("layout: long|layout: [", "mine.yaml:7: not YAML"),
        ("about: the|like: nobody\n  about: the", "mine.yaml:3: mine.like: no such format 'nobody'"),
        ("mine:|yours: {}\nmine:", "mine.yaml: describe one format in a file (there: yours, mine)"),
    ],
)
def test_faults_of_a_users_format_are_one_line(ingest, change, fault):
    Path("mine.yaml").write_text(MINE.replace(*change.split("|")))
    refused = ingest(mine(), "--reader", "mine.yaml")
    assert refused.code == 2
    assert refused.err.startswith(f"crocs: {fault}")
    assert refused.err.count("\n") == 1


def test_an_unknown_reader_is_refused_with_the_nearest(ingest):
    refused = ingest("id,time,kwh\n", "--reader", "smart-meter-texa")
    assert "--reader: no such format; did you mean smart-meter-texas?" in refused.err
    assert "no such file" in ingest("id,time,kwh\n", "--reader", "none.yaml").err.lower()
    assert "my-format.yaml" in ingest("id,time,kwh\n", "--reader", "xyz").err


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (["--stamp", "start"], "--stamp: files of lcl have end, not start"),
        (["--timezone", "Europe/London"], "--timezone: files of lcl have UTC, not Europe/London"),
        (["--unit", "Wh"], "--unit: files of lcl have kWh, not Wh"),
    ],
)
def test_settings_that_contradict_a_known_format_need_trust(ingest, settings, fault):
    text = SAMPLES["lcl"][2]
    for reader in ("lcl", "auto"):
        refused = ingest(text, "--reader", reader, *settings)
        assert refused.err.strip() == (
            f"crocs: {fault}; leave it out, or set --trust to settings to confirm it"
        )
    assert ingest(text, "--reader", "lcl", *settings, "--trust", "settings").code == 0


def test_columns_that_a_known_format_does_not_have_are_refused_and_others_may_be_chosen(ingest):
    text = SAMPLES["lcl"][2]
    refused = ingest(text, "--reader", "lcl", "--columns-energy", "kwh")
    assert "--columns-energy: files of lcl have no column 'kwh', and crocs knows theirs" in refused.err
    other = text.replace("\n", ",7\n").replace("hh),7", "hh),net")
    assert ingest(other, "--reader", "lcl", "--columns-energy", "net").code == 0
    assert profiles()["MAC1", "2024-06-03"] == pytest.approx([7] * 48)


def test_the_same_clock_by_another_name_and_what_is_only_assumed_contradict_nothing(ingest):
    assert ingest(SAMPLES["lcl"][2], "--reader", "lcl", "--timezone", "+00:00").code == 0
    text = SAMPLES["n3rgy"][2]
    assert ingest(text, "--run", "b", "--reader", "n3rgy", "--stamp", "start").code == 0
    assert ("readings", "2024-06-04") in profiles("b")


def test_a_column_of_quality_leaves_estimated_days_out(ingest):
    text = SAMPLES["spain-hours"][2].replace(";R\nES0021;04/06/2024", ";E\nES0021;04/06/2024")
    text = text.replace("05;R", "05;E")
    assert ingest(text, "--reader", "spain-hours").code == 0
    lines = text.splitlines()
    assert int(counts()["ES0021"]["estimated"]) == sum(line.endswith(";E") for line in lines) > 0


@pytest.mark.parametrize(
    ("name", "reader"), [("sgsc/sgsc_23x16months.csv.gz", "sgsc"), ("lcl/lcl_12x60d.csv.gz", "lcl")]
)
def test_the_laptop_template_gives_a_known_readers_own_profiles(crocs, tmp_path, monkeypatch, name, reader):
    path = data(name)
    template = Path(__file__).parents[2] / "configs" / "laptop.yaml"
    monkeypatch.chdir(tmp_path)
    lines = template.read_text().splitlines()
    changed = [
        f"  reader: {reader}" if line.startswith("  reader:") else
        f"  files: [{path}]" if line.startswith("  files:") else line
        for line in lines
    ]  # fmt: skip
    Path("my.yaml").write_text("\n".join([*changed, ""]))
    assert crocs("ingest", "-c", "my.yaml", "--run", "template").code == 0
    assert crocs("ingest", "--run", "presets", "--reader", reader, path).code == 0
    assert_same_days(profiles("template"), profiles("presets"))
