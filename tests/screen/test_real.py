"""Real households: daily sums of the SGSC trial, with attacks injected from a date."""

import csv
import gzip
import json
from collections import defaultdict

import numpy as np
import pytest

from crocs_cli import __main__
from crocs_cli.machine import files
from crocs_cli.screen.layouts import DAILY, SCORES, TRUTH
from crocs_cli.screen.truth.metrics import roc_auc
from tests.conftest import data


def call(*arguments):
    assert __main__.run([str(argument) for argument in arguments]) == 0, arguments


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The run of the honest households and the run in which a third of them steal in the last four months."""
    folder = tmp_path_factory.mktemp("real")
    total, count = defaultdict(float), defaultdict(int)
    with gzip.open(data("sgsc/sgsc_23x16months.csv.gz"), "rt", newline="") as file:
        for row in csv.DictReader(file):
            cell = row["CUSTOMER_ID"], row["READING_DATETIME"][:10]
            total[cell] += float(row["GENERAL_SUPPLY_KWH"] or 0) + float(row["CONTROLLED_LOAD_KWH"] or 0)
            count[cell] += 1
    with (folder / "daily.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("id", "date", "kwh", "n_intervals"))
        table.writerows((name, date, kwh, count[name, date]) for (name, date), kwh in total.items())
    source = (
        "--input-daily",
        folder / "daily.csv",
        "--day-timezone",
        "Etc/GMT-10",
        "--day-interval-minutes",
        30,
    )
    call("screen", "fit", "--run", folder / "honest", *source, "--hemisphere", "south")
    stolen = folder / "stolen"
    thieves = ("--thieves", 0.3, "--silent", 0, "--bypass", 0, "--control", 0, "--seed", 4)
    call("screen", "simulate", "--run", stolen, "--into", folder / "honest", *thieves)
    call("screen", "fit", "--run", stolen, "--hemisphere", "south")
    call("screen", "rank", "--run", stolen)
    call("screen", "validate", "--run", stolen)
    return folder / "honest" / "screen", stolen / "screen"


def test_daily_sums_of_real_meters_are_read_and_their_gaps_found(runs):
    honest, _ = runs
    daily = files.read(honest / "daily" / "00000.h5", DAILY)
    assert daily["energy_kwh"].shape == (23, 487)
    assert np.nanmedian(daily["energy_kwh"]) > 1
    with (honest / "gaps.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(int(row["short_days"]) >= 0 for row in rows)


def test_stolen_energy_lifts_real_households_in_the_ranking(runs):
    _, stolen = runs
    report = json.loads((stolen / "metrics.json").read_text(), parse_constant=pytest.fail)  # no NaN
    truth = files.read(stolen / "truth" / "00000.h5", TRUTH)
    scores = files.read(stolen / "scores.h5", SCORES)
    ranked, thief = scores["rank"] > 0, truth["attack"] > 0
    assert 3 <= thief.sum() <= 11
    assert ranked.sum() >= 18  # the rest has large gaps, and is on the check-up list
    assert roc_auc(scores["final"][ranked], thief[ranked]) > 0.7
    assert report["default"]["ap"] > 1.5 * thief.mean()
    with (stolen / "ranking.csv").open(newline="") as file:
        top = next(csv.DictReader(file))
    assert "below the same weeks a year ago" in top["reason"]
    assert top["id"] == truth["installation_id"][truth["stolen_kwh"].argmax()]
