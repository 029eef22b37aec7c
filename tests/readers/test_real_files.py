"""The real files beside the project, each against an independent count by pandas."""

import numpy as np
import pandas as pd
import pytest

from tests.conftest import data
from tests.readers.conftest import counts, profiles

HALF_HOUR = pd.Timedelta("30min")


def days_of(readings, slots):
    """Return {(consumer, ISO date): energy} of the whole days of a frame with consumer, start and kwh."""
    frame = readings.dropna(subset=["kwh"])
    frame = frame.assign(date=frame.start.dt.strftime("%Y-%m-%d"))
    groups = frame.sort_values("start").groupby(["consumer", "date"]).kwh
    return {key: kwh.to_numpy() for key, kwh in groups if len(kwh) == slots}


def assert_same_days(found, expected):
    assert found.keys() == expected.keys()
    for key, kwh in expected.items():
        np.testing.assert_allclose(found[key], kwh, rtol=1e-6, atol=1e-7, err_msg=str(key))
    total = sum(kwh.sum() for kwh in expected.values())
    assert sum(kwh.sum() for kwh in found.values()) == pytest.approx(total, rel=1e-6)


@pytest.fixture(scope="module")
def sgsc():
    frame = pd.read_csv(data("sgsc/sgsc_23x16months.csv.gz"), dtype={"CUSTOMER_ID": str})
    stamp = pd.to_datetime(frame.READING_DATETIME)
    ordered = frame.assign(stamp=stamp).sort_values("CALENDAR_KEY")
    moved = ordered.duplicated(["CUSTOMER_ID", "stamp"]).sort_index()
    true = stamp + moved.astype(int) * pd.Timedelta("1h")
    return pd.DataFrame(
        {
            "consumer": frame.CUSTOMER_ID,
            "start": true - HALF_HOUR,
            "kwh": frame.GENERAL_SUPPLY_KWH,
            "moved": moved,
        }
    )


def test_sgsc_has_the_days_and_energy_that_pandas_counts(ingest, sgsc):
    path = data("sgsc/sgsc_23x16months.csv.gz")
    assert ingest(None, "--reader", "sgsc", path).code == 0
    assert_same_days(profiles(), days_of(sgsc, 48))


def test_sgsc_winter_workdays_are_those_that_pandas_counts(ingest, sgsc):
    path = data("sgsc/sgsc_23x16months.csv.gz")
    chosen = ["--days-from", "2013-06-01", "--days-to", "2013-08-31", "--days-type", "workdays"]
    assert ingest(None, "--reader", "sgsc", *chosen, "--holidays", "AU-NSW", path).code == 0
    workday = (sgsc.start.dt.day_of_week < 5) & (sgsc.start.dt.strftime("%Y-%m-%d") != "2013-06-10")
    winter = sgsc[workday & (sgsc.start >= "2013-06-01") & (sgsc.start < "2013-09-01")]
    expected = days_of(winter, 48)
    assert_same_days(profiles(), expected)
    per_consumer = pd.Series([consumer for consumer, _ in expected]).value_counts()
    assert {name: int(row["days_used"]) for name, row in counts().items()} == {
        name: per_consumer.get(name, 0) for name in sgsc.consumer.unique()
    }


def test_sgsc_doubles_of_the_clock_change_are_set_right_and_counted(ingest, sgsc):
    assert ingest(None, "--reader", "sgsc", data("sgsc/sgsc_23x16months.csv.gz")).code == 0
    moved = sgsc[sgsc.moved].groupby("consumer").size()
    assert moved.sum() == 2 * (23 + 21)  # two readings of 21 customers in 2012 and of 23 in 2013
    assert {name: int(row["repaired"]) for name, row in counts().items()} == moved.to_dict()
    assert {row["conflicts"] for row in counts().values()} == {"0"}
    assert ("10006414", "2012-10-07") in profiles()


def test_lcl_has_the_days_and_energy_that_pandas_counts(ingest):
    path = data("lcl/lcl_12x60d.csv.gz")
    assert ingest(None, "--reader", "lcl", path).code == 0
    frame = pd.read_csv(path)
    start = pd.to_datetime(frame.tstp) - HALF_HOUR
    readings = pd.DataFrame({"consumer": frame.LCLid, "start": start, "kwh": frame["energy(kWh/hh)"]})
    assert_same_days(profiles(), days_of(readings, 48))


def test_ausgrid_nets_its_categories_and_leaves_out_the_row_with_a_missing_field(ingest, caplog):
    path = data("ausgrid/ausgrid_sample.csv")
    assert ingest(None, "--reader", "ausgrid", path).code == 0
    assert f"{path}:3: 53 fields where the header has 54; its numbers are not used" in caplog.messages
    frame = pd.read_csv(path, skiprows=1)
    sign = frame["Consumption Category"].map({"GC": 1, "CL": 1, "GG": -1})
    net = frame.iloc[:, 5:53].mul(sign, axis=0).groupby(frame.date).sum(min_count=3).dropna()
    expected = {
        ("1", pd.to_datetime(date, dayfirst=True).strftime("%Y-%m-%d")): row.to_numpy()
        for date, row in net.iterrows()
    }
    assert len(expected) == 2
    assert_same_days(profiles(), expected)


def test_opengrid_has_every_local_day_of_24_hours(ingest):
    path = data("opengrid/electricity_2016_hour_v1.csv.gz")
    settings = ["--unit", "W", "--interval", "60min", "--timezone", "Europe/Brussels"]
    assert ingest(None, "--reader", "matrix", *settings, path).code == 0
    frame = pd.read_csv(path, index_col=0)
    frame.index = pd.to_datetime(frame.index, utc=True).tz_convert("Europe/Brussels")
    long = frame.stack().rename("kwh").reset_index()
    long.columns = ["start", "consumer", "kwh"]
    long["kwh"] /= 1000
    expected = days_of(long, 24)
    assert_same_days(profiles(), expected)
    assert len({date for _, date in expected}) == 364
    assert {row["days_clock_change"] for row in counts().values()} == {"2"}  # 2016-03-27 and 2016-10-30
    assert {row["conflicts"] for row in counts().values()} == {"0"}
