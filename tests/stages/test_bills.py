"""Bills: to the cent those of a plain calculator, alike in shares, and every fault is one line."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crocs_cli.errors import CallError
from crocs_cli.machine import files
from crocs_cli.maths.programmes import bills
from crocs_cli.rundir.layouts import BILLS, PROFILES
from crocs_cli.rundir.tariffs import read_tariff
from crocs_cli.stages import bills as stage
from tests import made_run, naive, plain_bills
from tests.conftest import ROOT, digests
from tests.stages.test_report import Page

NOW = "currency: EUR\nfixed: {per_day: 0.30}\nenergy:\n  - price: 0.25\n"
NEW = """\
currency: EUR
fixed: {per_day: 0.2, per_month: 2.5}
seasons:
  winter: {from: 10-01, to: 02-15}
  summer: {from: 02-16, to: 09-30}
holidays: DE
energy:
  - {days: workdays, window: "17:00-20:00", price: 0.46}
  - {days: workdays, window: "20:00-17:00", price: 0.22}
  - season: winter
    days: weekends, holidays
    blocks: [{up_to: 20.5, price: 0.2}, {up_to: 50, price: 0.234567}, {price: 0.26}]
  - {season: summer, days: [weekends, holidays], price: 0.18}
demand:
  - {days: workdays, window: "17:00-20:00", price: 1.5}
export_credit: 0.05
"""


@pytest.fixture
def run(tmp_path):
    return made_run.make(tmp_path / "run", with_rrls=False, days=70)


@pytest.fixture
def tariffs(tmp_path):
    """Return the flags of two tariffs."""
    (tmp_path / "now.yaml").write_text(NOW)
    (tmp_path / "new.yaml").write_text(NEW)
    return "--tariff", tmp_path / "now.yaml", "--tariff", tmp_path / "new.yaml"


def readings_of(date, energy_kwh):
    """Return the readings of some days as the plain calculator takes them."""
    slots = energy_kwh.shape[1]
    step = dt.timedelta(days=1) / slots
    for day, row in zip(date.tolist(), energy_kwh.tolist(), strict=True):
        start = dt.datetime(1970, 1, 1) + dt.timedelta(days=day)
        yield from ((start + slot * step, Fraction(24, slots), kwh) for slot, kwh in enumerate(row))


def by_crocs(tariff, date, energy_kwh, window=None, percent=0):
    """Return {(year, month): bill} of one home by the kernels of crocs."""
    month_of = date.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    months, month = np.unique(month_of, return_inverse=True)
    slots = energy_kwh.shape[1]
    used = bills.quantities(
        energy_kwh,
        np.array([0, len(date)]),
        (month, stage.day_classes(tariff, date)),
        stage.clock_of(tariff, slots, window, percent),
        (len(months), len(tariff.energy)),
    )
    found = bills.bills(used, stage.prices_of(tariff), slots, tariff.decimals)[0].tolist()
    return {(1970 + m // 12, m % 12 + 1): bill for m, bill in zip(months.tolist(), found, strict=True)}


def price(most="2"):
    return st.decimals("0", most, places=6).map(lambda value: format(value.normalize(), "f"))


@st.composite
def charges(draw, slot_min):
    """Draw energy charges that cover the clock of each season and kind of day just once."""
    place = draw(st.sampled_from([None, "AU-NSW", "DE", "US-CA"]))
    starts = sorted(
        draw(st.sets(st.sampled_from(["01-01", "02-29", "03-31", "04-01", "10-27", "12-31"]), max_size=3))
    )
    seasons = {}
    for number, start in enumerate(starts if len(starts) > 1 else []):
        last = dt.date.fromisoformat(f"2000-{starts[(number + 1) % len(starts)]}") - dt.timedelta(days=1)
        seasons[f"s{number}"] = {"from": start, "to": f"{last:%m-%d}"}
    kinds = [["workdays"], ["weekends", "holidays"]] if place else [["weekdays"], ["weekends"]]
    kinds = draw(st.sampled_from([kinds, [["all"]]]))
    energy = []
    for season in seasons or [None]:
        for days in kinds:
            ends = sorted(draw(st.sets(st.integers(0, 1440 // slot_min - 1), min_size=0, max_size=3)))
            for start, end in zip(ends, ends[1:] + ends[:1], strict=True) if len(ends) > 1 else [(0, 0)]:
                window = "-".join(
                    f"{at * slot_min // 60:02d}:{at * slot_min % 60:02d}" for at in (start, end)
                )
                charge = {"days": days, "window": "00:00-24:00" if start == end else window}
                charge |= {"season": season} if season else {}
                energy.append(charge | draw(prices()))
    return {"seasons": seasons, "energy": energy} | ({"holidays": place} if place else {})


@st.composite
def prices(draw):
    ends = sorted(draw(st.sets(st.decimals("0.5", "300", places=3), max_size=3)))
    if not ends:
        return {"price": draw(price())}
    blocks = [{"up_to": format(end.normalize(), "f"), "price": draw(price())} for end in ends]
    return {"blocks": [*blocks, {"price": draw(price())}]}


@st.composite
def homes(draw):
    """Draw (slots, dates, energies) of a home: across ends of months, years and changes of the clock."""
    slots = draw(st.sampled_from([24, 48, 96]))
    first = draw(st.sampled_from(["2023-12-20", "2024-02-20", "2024-03-25", "2024-10-20", "2023-05-29"]))
    days = draw(st.integers(1, 45))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    date = (np.datetime64(first) + np.arange(days)).astype(np.int64)
    date = date[random.random(days) < draw(st.sampled_from([0.5, 1.0]))]
    scale = draw(st.sampled_from([0.01, 1.0, 40.0]))
    energy = scale * random.gamma(0.7, 1.0, (len(date), slots))
    energy -= draw(st.sampled_from([0.0, 0.3])) * scale
    places = draw(st.sampled_from([1, 3, 9]))
    return slots, date, np.round(energy, places).astype(np.float32)


@st.composite
def cases(draw):
    slots, date, energy = draw(homes())
    tariff = draw(charges(1440 // slots))
    fixed = {name: draw(price()) for name in draw(st.sets(st.sampled_from(["per_day", "per_month"])))}
    tariff |= {"currency": "EUR", "decimals": str(draw(st.sampled_from([0, 2, 2, 2, 4]))), "fixed": fixed}
    tariff["export_credit"] = draw(price("0.3"))
    if draw(st.booleans()):
        windows = ["00:00-24:00", "17:00-20:00", "22:00-02:00"]
        tariff["demand"] = [
            {"window": window, "price": draw(price("30"))}
            for window in draw(st.lists(st.sampled_from(windows), max_size=2))
        ]
    return tariff, date, energy


def text_of(tariff):
    """Write a tariff as YAML, without anchors."""
    return yaml.safe_dump(json.loads(json.dumps(tariff)))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write a tariff and read it as crocs does."""
    path = tmp_path_factory.mktemp("tariffs") / "tariff.yaml"

    def read(tariff):
        path.write_text(text_of(tariff))
        return read_tariff(path)

    return read


@settings(max_examples=1000, suppress_health_check=list(HealthCheck))
@given(cases())
def test_a_bill_is_to_the_cent_that_of_a_plain_calculator(written, case):
    tariff, date, energy = case
    plain = plain_bills.tariff_of(text_of(tariff))
    expected = plain_bills.monthly_bills(plain, readings_of(date, energy))
    assert by_crocs(written(tariff), date, energy) == expected


def test_the_largest_readings_and_prices_are_exact_too(written):
    tariff = {
        "currency": "EUR",
        "fixed": {"per_month": "99999.999999"},
        "energy": [{"blocks": [{"up_to": "999999.5", "price": "0.000001"}, {"price": "99999.999999"}]}],
        "demand": [{"price": "100000"}],
        "export_credit": "99999.123456",
    }
    date = np.arange(19_723, 19_754)
    energy = np.full((len(date), 96), 999_999.94, np.float32)
    energy[::3, ::5] *= -1
    expected = plain_bills.monthly_bills(plain_bills.tariff_of(text_of(tariff)), readings_of(date, energy))
    assert by_crocs(written(tariff), date, energy) == expected
    assert max(expected.values()) > 10**16


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(cases(), st.integers(1, 100), st.sampled_from(["17:00-20:00", "22:00-02:00"]))
def test_a_bill_with_use_moved_is_that_of_a_plain_calculator(written, case, percent, window):
    tariff, date, energy = case
    plain = plain_bills.tariff_of(text_of(tariff))
    rows = plain_bills.moved(readings_of(date, energy), window, percent)
    assert by_crocs(written(tariff), date, energy, window, percent) == plain_bills.monthly_bills(plain, rows)


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(cases(), st.integers(0, 3))
def test_the_kernel_adds_up_as_its_naive_twin(written, case, percent):
    tariff, date, energy = case
    tariff = written(tariff)
    offset = np.array([0, len(date) // 3, len(date) // 3, len(date)])
    month = (date.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)) % 5
    clock = stage.clock_of(tariff, energy.shape[1], "17:00-20:00" if percent else None, 30 * percent)
    days = month, stage.day_classes(tariff, date)
    found = bills.quantities(energy, offset, days, clock, (5, len(tariff.energy)), threads=2)
    expected = naive.quantities(energy, offset, days, clock, (5, len(tariff.energy)))
    for name, array in found._asdict().items():
        assert np.array_equal(array, expected[name]), name


def by_plain(run, text, window=None, percent=0):
    """Return {consumer: {(year, month): bill}} of a run by the plain calculator."""
    found, tariff = {}, plain_bills.tariff_of(text)
    for shard in sorted((run / "profiles").iterdir()):
        read = files.read(shard, PROFILES)
        for consumer, name in enumerate(read["consumer_id"].tolist()):
            own = slice(*read["day_offset"][consumer : consumer + 2])
            rows = list(readings_of(read["date"][own], read["energy_kwh"][own]))
            rows = plain_bills.moved(rows, window, percent) if window else rows
            found[name] = plain_bills.monthly_bills(tariff, rows)
    return found


def test_the_tables_are_those_of_a_plain_calculator(crocs, run, tariffs):
    asked = ("--window", "17:00-20:00", "--shift", 20, "--threshold", 3)
    ended = crocs("bills", "--run", run, "--clusters", 3, *tariffs, *asked, "--json")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    folder = run / "bills" / "3" / "now-to-new-1700-2000-20"
    plain = {
        "before": by_plain(run, NOW),
        "after": by_plain(run, NEW),
        "shifted": by_plain(run, NEW, "17:00-20:00", 20),
    }
    total = {which: {name: sum(own.values()) for name, own in of.items()} for which, of in plain.items()}
    rows = list(csv.DictReader((folder / "bills-months.csv").open()))
    assert len(rows) == 60 * 3
    for row in rows:
        month = tuple(map(int, row["month"].split("-")))
        for which, of in plain.items():
            assert round(100 * float(row[which])) == of[row["consumer_id"]][month]
    members = defaultdict(list)
    groups = {}
    for row in csv.DictReader((folder / "bills-consumers.csv").open()):
        name = row["consumer_id"]
        members[int(row["cluster"])].append(name)
        for which in plain:
            assert round(100 * float(row[which])) == total[which][name]
        assert round(100 * float(row["change"])) == total["after"][name] - total["before"][name]
        falls, moved = (
            total["after"][name] < total["before"][name],
            total["shifted"][name] < total["before"][name],
        )
        groups[name] = "saver" if falls else "potential saver" if moved else "payer"
        assert row["group"] == groups[name]
    assert {*groups.values()} == {"saver", "potential saver", "payer"}
    for segment in found["segments"]:
        own = members[segment["cluster"]]
        before, after = (np.array([total[which][name] for name in own]) for which in ("before", "after"))
        assert segment["revenue_before"] == pytest.approx(before.sum() / 100, abs=1e-9)
        assert segment["revenue_after"] == pytest.approx(after.sum() / 100, abs=1e-9)
        assert segment["mean_change"] == pytest.approx((after - before).mean() / 100)
        assert segment["change_p90"] == pytest.approx(np.percentile(after - before, 90) / 100)
        assert segment["winners"] == pytest.approx(np.mean(after < 0.97 * before))
        assert segment["losers"] == pytest.approx(np.mean(after > 1.03 * before))
        assert segment["potential_savers"] == pytest.approx(
            np.mean([groups[name] == "potential saver" for name in own])
        )
    for name in ("revenue_before", "revenue_after"):
        assert sum(row[name] for row in found["segments"]) == pytest.approx(found["whole"][name], abs=1e-6)
    assert found["whole_consumer_months"] == 120
    assert found["consumer_months"] == 180
    assert "nothing is scaled up" in crocs("bills", "--run", run, "--clusters", 3, *tariffs, *asked).out


def test_days_on_which_the_clock_changes_are_billed_by_their_wall_clock(crocs, tmp_path):
    zone = "Europe/Berlin"
    first, last = np.datetime64("2024-10-25T00:00"), np.datetime64("2024-10-30T00:00")
    utc = np.arange(first - np.timedelta64(2, "h"), last - np.timedelta64(1, "h"), np.timedelta64(30, "m"))
    kwh = {name: 0.1 * (1 + n) + np.arange(len(utc)) % 7 / 10 for n, name in enumerate("abcd")}
    rows = [
        f"{name},{t}Z,{value:.3f}" for name, own in kwh.items() for t, value in zip(utc, own, strict=True)
    ]
    (tmp_path / "r.csv").write_text("id,time,kwh\n" + "\n".join(rows))
    (tmp_path / "night.yaml").write_text(
        'currency: EUR\nenergy:\n  - {window: "02:00-03:00", price: 1}\n'
        '  - {window: "03:00-02:00", price: 0.1}\n'
    )
    for change, days in (("leave_out", 4), ("fold", 5)):
        run = tmp_path / change
        asked = ("--timezone", zone, "--clock-change", change, "--unit", "kWh", "--stamp", "start")
        assert crocs("ingest", "--run", run, *asked, tmp_path / "r.csv").code == 0
        made_run.partition(run, np.array([*kwh]), np.arange(4) % 2)
        call = ("bills", "--run", run, "--clusters", 2, "--tariff", tmp_path / "night.yaml")
        assert crocs(*call).code == 0
        found = {r["consumer_id"]: r for r in csv.DictReader((run / "bills/2/night/bills-months.csv").open())}
        for name, own in kwh.items():
            total = Fraction(0)
            slots = defaultdict(list)  # (local date, slot): the readings there, by hand: UTC+2, then UTC+1
            for time, value in zip(utc, own, strict=True):
                hours = 2 if time < np.datetime64("2024-10-27T01:00") else 1
                local = (time + np.timedelta64(hours, "h")).astype(dt.datetime)
                slots[local].append(Fraction(f"{value:.3f}"))
            for local, values in slots.items():
                if change == "leave_out" and local.day == 27:
                    continue
                mean = sum(values) / len(values)  # what `fold` makes of the hour that comes twice
                micro = Fraction(round(Fraction(float(np.float32(float(mean)))) * 10**6), 10**6)
                total += micro * (1 if local.hour == 2 else Fraction(1, 10))
            assert round(100 * float(found[name]["before"])) == int(total * 100 + Fraction(1, 2))
            assert int(found[name]["days"]) == days


def test_shares_make_the_same_bytes(crocs, run, tariffs, tmp_path):
    call = ("bills", "--run", run, "--clusters", 3, *tariffs, "--window", "17:00-20:00")
    assert crocs(*call).code == 0
    whole = digests(run / "bills")
    (run / "bills").rename(tmp_path / "before")
    for share in ("2/2", "1/2"):
        ended = crocs(*call, "--share", share)
        assert ended.code == 0, ended.err
    assert digests(run / "bills") == whole
    (run / "bills").rename(tmp_path / "again")
    assert "call it again when the others are" in crocs(*call, "--share", "1/2").out
    assert re.search(r"^bills now +partly", crocs("status", "--run", run).out, re.M)
    assert crocs(*call).code == 0
    assert digests(run / "bills") == whole
    assert re.search(r"^bills new-1700-2000-10 +made", crocs("status", "--run", run).out, re.M)


def test_status_names_the_tariff_of_bills_with_moved_use(crocs, run, tariffs):
    assert crocs("bills", "--run", run, "--clusters", 3, *tariffs, "--window", "17:00-20:00").code == 0
    path = run / "profiles/00000.h5"
    made_by = files.read_recipe(path, PROFILES)
    files.write(path, PROFILES, files.read(path, PROFILES), made_by | {"inputs": {"other": "readings"}})
    steps = {step["name"]: step for step in json.loads(crocs("status", "--run", run, "--json").out)["steps"]}
    for name, tariff in (("now", "now"), ("new", "new"), ("new-1700-2000-10", "new")):
        assert steps[f"bills {name}"]["state"] == "stale"
        assert steps[f"bills {name}"]["command"] == f"crocs bills --tariff FOLDER/{tariff}.yaml"


def test_a_tariff_that_was_changed_is_not_mixed_with_its_earlier_bills(crocs, run, tariffs):
    assert crocs("bills", "--run", run, "--clusters", 3, *tariffs).code == 0
    tariffs[1].write_text(NOW.replace("0.25", "0.26"))
    ended = crocs("bills", "--run", run, "--clusters", 3, *tariffs)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert f"{run}/bills/tariffs/now/00000.h5: made with tariff" in ended.err
    assert "move it elsewhere and run `crocs bills` again" in ended.err


def wrong(old, new):
    assert old in NEW
    return NEW.replace(old, new)


FAULTS = {
    "gap": (wrong("20:00-17", "21:00-17"), ":7: energy: no charge covers winter workdays 20:00-21:00"),
    "overlap": (
        wrong('"20:00-17:00"', '"19:00-17:00"'),
        ":9: energy.1: an earlier charge covers winter workdays 19:00-20:00 too",
    ),
    "gap of a season": (
        wrong("days: [weekends, holidays]", "days: weekends"),
        ":7: energy: no charge covers summer holidays 00:00-24:00",
    ),
    "falling blocks": (wrong("up_to: 50", "up_to: 20.5"), ":10: energy.2: blocks rise: 20.5, 20.5 do not"),
    "negative block": (wrong("up_to: 20.5", "up_to: -20.5"), ":12: energy.2.blocks.0.up_to: "),
    "open block": (wrong("up_to: 50, ", ""), ":10: energy.2: every block but the last has an end"),
    "two prices": (wrong("summer, days", "summer, blocks: [{price: 1}], days"), ":13: energy.3: give either"),
    "no price": (wrong(", price: 0.46", ""), ":8: energy.0: give either price or blocks"),
    "day type": (wrong("days: weekends, holidays", "days: sundays"), ":11: energy.2.days: input should be"),
    "unknown season": (wrong("season: winter", "season: wintr"), ":10: energy.2: wintr: no such season; did"),
    "negative price": (wrong("price: 0.46", "price: -0.46"), ":8: energy.0.price: "),
    "too exact a price": (wrong("0.234567", "0.2345678"), ":12: energy.2.blocks.1.price: "),
    "seasons with a gap": (wrong("to: 02-15", "to: 02-13"), ":3: seasons: no season has the days 02-14 to"),
    "seasons that overlap": (
        wrong("to: 02-15", "to: 02-16"), ":3: seasons: more than one season has the days 02-16 to 02-16"
    ),
    "no day": (wrong("from: 10-01", "from: 10-32"), ":4: seasons.winter.from: write month and day"),
    "no place": (wrong("holidays: DE\n", ""), ":7: energy.0: workdays and holidays need `holidays`"),
    "unknown place": (wrong("DE", "Atlantis"), ":6: holidays: no holidays are known of 'Atlantis'"),
    "window": (wrong('"17:00-20:00", price: 0.46', "5pm, price: 0.46"), ":8: energy.0.window: write a"),
    "misspelt": (wrong("export_credit", "export"), ":16: export: no such key; did you mean export_credit?"),
    "no energy": ("currency: EUR\n", "energy: field required"),
    "no currency": ("energy:\n  - price: 1\n", "currency: field required"),
    "no YAML": ("a: [", "not YAML"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_a_tariff_names_file_line_and_what_is_uncovered(tmp_path, name):
    text, said = FAULTS[name]
    path = tmp_path / "t.yaml"
    path.write_text(text)
    with pytest.raises(CallError) as found:
        read_tariff(path)
    assert str(found.value).startswith(f"{path}")
    assert said in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ((), 2, "--tariff: no tariff; give --tariff FILE"),
        (("--tariff", "none.yaml"), 2, "none.yaml: No such file or directory; name a YAML file"),
        (("--tariff", "a b.yaml"), 2, "a b: name the file in letters"),
        (("--tariff", "x/a.yaml", "--tariff", "y/a.yaml"), 2, "two tariffs of one name"),
        (("--tariff", "a.yaml,b.yaml,c.yaml"), 2, "3 tariffs; give one, or two to compare"),
        (("--tariff", "now.yaml", "--shift", 3), 2, "shift is of a window; give window too"),
        (("--tariff", "now.yaml", "--window", "00:00-24:00"), 2, "the window is a whole day"),
        (("--tariff", "now.yaml", "--window", "17:10-20:00"), 2, "--window: 17:10-20:00 begins or ends"),
        (("--tariff", "slots.yaml"), 2, "--tariff: 00:00-17:10 begins or ends within a slot of 30 min"),
        (("--tariff", "now.yaml", "--tariff", "usd.yaml"), 2, "the tariffs have different currencies"),
        (("--tariff", "now.yaml", "--clusters", 9), 1, "no partition into 9 segments"),
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_question_is_one_line(crocs, run, tariffs, tmp_path, monkeypatch, asked, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "usd.yaml").write_text(NOW.replace("EUR", "USD"))
    (tmp_path / "slots.yaml").write_text(
        'currency: EUR\nenergy:\n  - {window: "00:00-17:10", price: 1}\n'
        '  - {window: "17:10-24:00", price: 1}\n'
    )
    ended = crocs("bills", "--run", run, *(asked if "--clusters" in asked else ("--clusters", 3, *asked)))
    assert (ended.code, ended.err.count("\n")) == (code, 1), ended.err
    assert said in ended.err


def test_a_demand_charge_of_slots_above_an_hour_is_one_line(tariffs):
    with pytest.raises(CallError, match="a demand charge needs readings of an hour or less"):
        stage.clock_of(read_tariff(tariffs[3]), 6, None, 0)


def test_the_guide_has_tariffs_that_are_read(crocs, run, tmp_path):
    guide = (ROOT / "crocs_cli" / "docs" / "programmes.md").read_text()
    shown = dict(re.findall(r"^```yaml ([\w.]+)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL))
    assert len(shown) == 2
    call = ["bills", "--run", run, "--clusters", 3, "--window", "17:00-20:00"]
    for name, text in shown.items():
        (tmp_path / name).write_text(text)
        call += ["--tariff", tmp_path / name]
    ended = crocs(*call)
    assert ended.code == 0, ended.err


def test_the_report_has_a_folded_section_where_bills_were_asked_for(crocs, tariffs, tmp_path):
    run = made_run.make(tmp_path / "run")
    assert crocs("bills", "--run", run, "--clusters", 3, *tariffs).code == 0
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    text = (run / "report" / "3" / "index.html").read_text()
    found = Page(text)
    assert "bills-now-to-new" in {each.get("id") for _, each in found.elements}
    for row in json.loads((run / "bills" / "3" / "now-to-new" / "summary.json").read_text())["segments"]:
        assert f"{row['mean_change']:+,.2f}</td>" in text
    assert (run / "report" / "3" / "bills-now-to-new-segments.csv").exists()
    assert "bills-" not in {path.name[:6] for path in (run / "report" / "3").glob("*consumers*")}


def test_bills_of_a_file_are_read_back(crocs, run, tariffs):
    assert crocs("bills", "--run", run, "--clusters", 3, *tariffs[:2]).code == 0
    read = files.read(run / "bills" / "tariffs" / "now" / "00000.h5", BILLS)
    assert read["bill"].dtype == np.int64
    assert read["days"].sum() == 25 * 70
    profiles = files.read(run / "profiles" / "00000.h5", PROFILES)
    total = profiles["energy_kwh"].sum(dtype=np.float64)
    assert read["energy_kwh"].sum() == pytest.approx(total, rel=1e-6)
