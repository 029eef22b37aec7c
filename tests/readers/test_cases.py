"""The cases that users' files were made of: each comes out as its EXPECT.txt says."""

import csv
from pathlib import Path

import pytest

from tests.conftest import data

LONG_TEXTS = {
    "smt": (
        "--columns-consumer ESIID|--columns-date USAGE_DATE|--columns-time USAGE_START_TIME"
        "|--stamp-format %m/%d/%Y %H:%M|--columns-energy USAGE_KWH|--interval 15min"
        "|--columns-direction CONSUMPTION_SURPLUSGENERATION|--timezone America/Chicago"
    ),
    "fluvius": (
        "--columns-consumer EAN-code|--columns-date Van (datum)|--columns-time Van (tijdstip)"
        "|--stamp-format %d-%m-%Y %H:%M:%S|--columns-energy Volume|--decimal ,|--interval 15min"
        "|--columns-direction Register|--timezone Europe/Brussels"
    ),
    "lastgang": (
        "--columns-consumer Zählpunkt|--columns-date Datum|--columns-time Uhrzeit"
        "|--stamp-format %d.%m.%Y %H:%M|--columns-energy Wirkleistung kW|--decimal ,|--unit kW"
        "|--stamp end|--interval 15min|--timezone Europe/Berlin"
    ),
    "pge": (
        "--columns-date DATE|--columns-time START TIME|--columns-energy USAGE (kWh)|--interval 15min"
        "|--consumer-pattern title:Account Number,(\\d+)|--timezone America/Los_Angeles"
    ),
    "sdge": (
        "--columns-consumer Meter Number|--columns-date Date|--columns-time Start Time|--interval 15min"
        "|--stamp-format %m/%d/%Y %I:%M %p|--columns-energy Consumption|--timezone America/Los_Angeles"
    ),
    "enedis": (
        "--columns-time Horodate|--columns-energy Valeur|--unit W|--stamp end|--timezone Europe/Paris"
        "|--consumer-pattern title:^(\\d{14});"
    ),
    "elo": (
        "--columns-consumer MålepunktsID|--columns-time Fra_dato|--columns-energy Mængde|--decimal ,"
        "|--stamp-format %d-%m-%Y %H:%M:%S|--interval 60min|--timezone Europe/Copenhagen"
    ),
    "datadis": (
        "--columns-consumer CUPS|--columns-time Fecha|--columns-hour Hora|--columns-energy Consumo_kWh"
        "|--decimal ,|--stamp-format %d/%m/%Y|--timezone Europe/Madrid"
    ),
}
MATRIX_OF_HOMES = "--reader matrix|--columns-time timestamp (UTC)"
NO_HEADER = "--reader matrix|--no-header|--interval 15min"
CASES = [  # file, arguments, {consumer: (days used, kWh of them)}
    ("07*/time_kwh_cost.csv", "--columns-time time|--columns-energy kwh", {"time_kwh_cost": (3, 31.152)}),
    ("07*/pandas_index.csv", "--columns-time=|--columns-energy import_kwh", {"pandas_index": (3, 31.152)}),
    (
        "08*/home*.csv",
        f"{MATRIX_OF_HOMES}|--consumer-from file",
        {"home1": (3, 32.592), "home2": (3, 33.072)},
    ),
    (
        "09*/smt*.csv",
        LONG_TEXTS["smt"] + "|--direction Consumption=add,Surplus Generation=drop",
        {"10000000000000001": (7, 150.864)},
    ),
    (
        "09*/smt*.csv",
        LONG_TEXTS["smt"] + "|--direction Consumption=drop,Surplus Generation=add",
        {"10000000000000001": (7, 37.7)},
    ),
    (
        "09*/fluvius.csv",
        LONG_TEXTS["fluvius"]
        + "|--direction Afname Nacht=add,Afname Dag=add,Injectie Nacht=drop,Injectie Dag=drop",
        {"541448800000000001": (7, 150.864)},
    ),
    ("10*/unix.csv", "--stamp-format %s|--timezone Europe/London", {"m1": (3, 31.152)}),
    (
        "11*/*.csv",
        "--columns-consumer MPRN|--columns-time Start|--columns-energy kWh|--columns-quality Status"
        "|--quality Actual=measured,Estimated=estimated",
        {"M1": (3, 30.672)},
    ),
    (
        "15*/edistribuzione.csv",
        "--reader wide|--columns-time Giorno|--stamp-format %d/%m/%Y|--decimal ,|--interval 15min",
        {"edistribuzione": (7, 150.864)},
    ),
    (
        "15*/hue*.csv",
        "--columns-date date|--columns-time hour|--columns-energy energy_kWh|--interval 60min",
        {"hue_Residential_1": (7, 36.96)},
    ),
    (
        "15*/octopus.csv",
        "--columns-time Start|--columns-energy Consumption (kwh)|--timezone Europe/London",
        {"octopus": (7, 74.928)},
    ),
    ("16*/enedis.csv", LONG_TEXTS["enedis"], {"00000000000000": (7, 74.928)}),
    ("16*/pge.csv", LONG_TEXTS["pge"], {"0000000000": (7, 151.032)}),  # of two decimals
    ("16*/sdge.csv", LONG_TEXTS["sdge"], {"01234567": (7, 150.864)}),
    ("17*/datadis.csv", LONG_TEXTS["datadis"], {"ES0000000000000001AA0F": (7, 36.96)}),
    (
        "18*/vic_cons.csv",
        "--reader wide|--columns-consumer NMI|--columns-time DATE|--timezone Australia/Melbourne",
        {"6100000001": (7, 74.928)},
    ),
    (
        "19*/lastgang.csv",
        LONG_TEXTS["lastgang"] + "|--thousands .",
        {"DE0000000000000000000000000000001": (7, 150864)},
    ),
    ("20*/plain.zip", "", {"m1": (3, 31.152)}),
    ("20*/plain.xlsx", "", {"m1": (3, 31.152)}),
    ("20*/elo_utf16.csv", LONG_TEXTS["elo"], {"571313100000000001": (7, 36.96)}),
    (
        "21*/dmy_offset.csv",
        "--stamp-format %d/%m/%Y %H:%M %z|--timezone Europe/London",
        {"m1": (3, 31.152)},
    ),
    ("21*/blank.csv", "--timezone Europe/London", {"m1": (3, 31.152)}),
    ("22*/apt_headerless.csv", NO_HEADER, {"c2": (3, 250.944)}),
    (
        "24*/one_min_id.csv",
        "--interval 1min|--columns-energy kw|--unit kW",
        {"h1": (2, 43.104)},
    ),
    (
        "26*/*.csv",
        "--columns-energy Import T1 kWh|--interval 15min|--kind register",
        {"p1_homewizard": (6, 42.018)},
    ),
]
REFUSED = [
    ("08*/home*.csv", MATRIX_OF_HOMES, "set --consumer-from to file for a consumer each"),
    ("09*/fluvius.csv", LONG_TEXTS["fluvius"], "holds 'Afname Dag', 'Afname Nacht', 'Injectie Dag'"),
    ("16*/pge.csv", "", "there are 'TYPE', 'DATE', 'START TIME'"),
    ("19*/lastgang.csv", LONG_TEXTS["lastgang"], "for thousands set --thousands to '.'"),
    ("20*/octopus_api.json", "", "JSON, which is not read"),
    ("26*/*.csv", "--columns-energy Import T1 kWh|--interval 15min", "7 of registers"),
]  # fmt: skip


def call(ingest, pattern, arguments):
    folder = data("../cases/readings")
    words = [word for argument in arguments.split("|") if argument for word in argument.split(" ", 1)]
    return ingest(None, *words, *sorted(folder.glob(pattern)))


@pytest.mark.parametrize(("pattern", "arguments", "expected"), CASES, ids=lambda value: str(value)[:30])
def test_a_case_comes_out_as_it_says(ingest, pattern, arguments, expected):
    ended = call(ingest, pattern, arguments)
    assert ended.code == 0, ended.err
    found = {}
    with Path("run/quality.csv").open() as file:
        for row in csv.DictReader(file):
            days = int(row["days_used"])
            found[row["consumer_id"]] = (days, pytest.approx(days * float(row["mean_daily_kwh"]), abs=0.05))
    assert expected == found


@pytest.mark.parametrize(("pattern", "arguments", "said"), REFUSED, ids=lambda value: str(value)[:30])
def test_a_case_that_needs_a_word_says_which(ingest, pattern, arguments, said):
    ended = call(ingest, pattern, arguments)
    assert ended.code == 1
    assert said in ended.err.strip().splitlines()[-1]
    assert "DOE" not in ended.err
