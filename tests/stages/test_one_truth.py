"""A figure that two commands or pages show is the same in all of them."""

import contextlib
import html
import io
import json
import re
from collections import Counter

import numpy as np
import pyarrow.csv
import pytest

from crocs_cli import __main__
from crocs_cli.maths.clustering.validity import NAMES
from crocs_cli.maths.segments.peak import peak_window
from crocs_cli.report.change import SHOWN
from crocs_cli.report.words import percent, window
from crocs_cli.report.words import sign as words_of_sign
from crocs_cli.rundir.run import Run
from tests.conftest import data

K = 3
WINTER = {"type": "workdays", "from": "2013-06-01", "to": "2013-08-31"}
PERCENT = r"(?:under |over )?\d+%"
PAIR = re.compile(f"({PERCENT} of days, {PERCENT} of consumers)")
DIGITS = 1e-5  # relative: tables of a report have six digits


def said(*arguments):
    """Call crocs, and return what it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert __main__.run([str(argument) for argument in arguments]) == 0, arguments
    return out.getvalue()


@pytest.fixture(scope="module", params=["synthetic", "sgsc"])
def run(request, tmp_path_factory):
    """Return a run with all products: of a population that is made up, and of 23 real households."""
    folder = tmp_path_factory.mktemp(request.param)
    run = folder / "run"
    if request.param == "synthetic":
        said("synth", "--run", run, "--consumers", 30, "--days", 21, "--clusters", 3, "--shapes", 3)
    else:
        winter = {"files": [str(data("sgsc/sgsc_23x16months.csv.gz"))], "reader": "sgsc", "days": WINTER}
        (folder / "winter.yaml").write_text(json.dumps({"ingest": winter | {"holidays": "AU-NSW"}}))
        said("ingest", "-c", folder / "winter.yaml", "--run", run)
    said("stage1", "--run", run, "--prototypes", 6)
    said("stage2", "--run", run, "--clusters", 2, "--clusters", K)
    said("rrls", "--run", run, "--clusters", K, "--communities", 4)
    (folder / "stability.txt").write_text(said("stability", "--run", run, "--samples", 4))
    said("report", "--run", run, "--clusters", 2)
    said("report", "--run", run, "--clusters", K)
    said("compare", "--run", run, "--with", run, "--clusters", K)
    return run


@pytest.fixture
def exported(crocs, run, tmp_path):
    """Export a table of the run."""

    def read(what):
        ended = crocs("export", "--run", run, "--clusters", K, "--what", what, tmp_path / f"{what}.csv")
        assert ended.code == 0, ended.err
        return table(tmp_path / f"{what}.csv")

    return read


def table(path):
    """Read a table as {column: values}; an id stays text."""
    ids = pyarrow.csv.ConvertOptions(column_types={"consumer_id": "string"})
    read = pyarrow.csv.read_csv(path, convert_options=ids)
    return {name: np.array(read[name].to_pylist()) for name in read.column_names}


def reported(run, name):
    return table(run / "report" / str(K) / f"{name}.csv")


def page(run, name):
    """Return the words of a page."""
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", (run / name).read_text(), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def sections(run):
    """Return the words of each segment's section of the report."""
    text = (run / "report" / str(K) / "index.html").read_text()
    parts = re.findall(r'<section class="segment".*?</section>', text, flags=re.S)
    assert len(parts) == K
    bare = (re.sub(r"<svg.*?</svg>", " ", part, flags=re.S) for part in parts)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split()) for part in bare]


def test_coverage(crocs, run, exported):
    table, of_report = exported("coverage"), reported(run, "coverage")
    ended = crocs("rrls", "--run", run, "--clusters", K, "--communities", 4, "--json")
    summaries = json.loads(ended.out)["clusters"]
    for name in ("day_coverage", "consumer_coverage"):
        assert table[name].tolist() == [share for one in summaries for share in one[name]]
        assert of_report[name] == pytest.approx(table[name], rel=DIGITS)
    segments, numbers = np.unique(table["cluster"], return_counts=True)
    assert [one["communities"] for one in summaries] == numbers.tolist()
    for number, words in zip(segments, sections(run), strict=True):
        inside = table["cluster"] == number
        shares = list(zip(table["day_coverage"][inside], table["consumer_coverage"][inside], strict=True))
        pairs = [f"{percent(days)} of days, {percent(consumers)} of consumers" for days, consumers in shares]
        common, pictured = words.split("Its behaviours")
        assert PAIR.findall(common) == pairs[:3]
        assert PAIR.findall(pictured) == pairs[: len(PAIR.findall(pictured))] != []


def test_what_sets_a_segment_apart_has_the_share_of_its_coverage(run, exported):
    table = exported("coverage")
    said = re.compile(rf"Days like behaviour (\d+), .*? set it apart: ({PERCENT}) of its days")
    found = [said.findall(words) for words in sections(run)]
    assert any(found)
    for number, sentences in enumerate(found, 1):
        for behaviour, share in sentences:
            row = (table["cluster"] == number) & (table["behaviour"] == int(behaviour))
            assert share == percent(table["day_coverage"][row][0])


def test_days_and_consumers_that_show_a_behaviour_are_its_coverage(run, exported):
    days, table, own = exported("day-labels"), exported("coverage"), exported("consumer-coverage")
    for number in range(1, K + 1):
        inside = days["cluster"] == number
        consumers = np.unique(days["consumer_id"][inside])
        rows = np.flatnonzero(table["cluster"] == number)
        for row in rows:
            shown = inside & (days["behaviour"] == table["behaviour"][row])
            assert shown.sum() / inside.sum() == pytest.approx(table["day_coverage"][row])
            who = Counter(days["consumer_id"][shown].tolist())
            assert len(who) / len(consumers) == pytest.approx(table["consumer_coverage"][row])
            of = (own["cluster"] == number) & (own["behaviour"] == table["behaviour"][row])
            total = Counter(days["consumer_id"][inside].tolist())
            shares = {name: count / total[name] for name, count in who.items()}
            listed = dict(zip(own["consumer_id"][of].tolist(), own["day_share"][of], strict=True))
            assert listed == pytest.approx(shares, rel=1e-6)


def test_the_earlier_share_of_a_comparison_is_the_coverage(run, exported):
    """All consumers are in both periods, which are the same one."""
    coverage = exported("coverage")
    folder = run / "comparison" / str(K)
    summary, rows = json.loads((folder / "summary.json").read_text()), table(folder / "prevalence.csv")
    words = page(run, f"comparison/{K}/index.html")
    kept = [row for row in summary["prevalence"] if row["behaviour"] is not None]
    assert [(row["cluster"], row["behaviour"]) for row in kept] == list(
        zip(coverage["cluster"].tolist(), coverage["behaviour"].tolist(), strict=True)
    )
    for period in ("earlier", "later"):
        assert [row[period] for row in kept] == pytest.approx(coverage["day_coverage"].tolist())
        assert rows[period].tolist() == pytest.approx([row[period] for row in summary["prevalence"]])
    for number in range(1, K + 1):
        none = next(r for r in summary["prevalence"] if r["cluster"] == number and r["behaviour"] is None)
        covered = coverage["day_coverage"][coverage["cluster"] == number].sum()
        assert none["earlier"] == pytest.approx(1 - covered, abs=1e-9)
    named = sections(run)
    for row in kept:
        key = f"{row['cluster']}.{row['behaviour']} {row['name']}"
        if row["earlier"] >= SHOWN:
            assert f"{key} : {percent(row['earlier'])} of days, then {percent(row['later'])}" in words
        of_segment = named[row["cluster"] - 1]
        if row["behaviour"] <= len(PAIR.findall(of_segment.split("Its behaviours")[1])):
            assert f" {row['behaviour']}. {row['name'].capitalize()} " in of_segment
    assert summary["consumers"] == np.trace(summary["transitions"]) == len(Run(run).labels(K)[0])


def test_typical_members_and_their_distances(crocs, run, tmp_path):
    shown = reported(run, "typical")
    assert crocs("typical", "--run", run, "--clusters", K, tmp_path / "typical.csv").code == 0
    listed = table(tmp_path / "typical.csv")
    for number, words in enumerate(sections(run), 1):
        first, ours = shown["cluster"] == number, listed["cluster"] == number
        count = int(first.sum())
        assert 0 < count <= int(ours.sum())
        assert shown["consumer_id"][first].tolist() == listed["consumer_id"][ours][:count].tolist()
        assert shown["rank"][first].tolist() == listed["rank"][ours][:count].tolist()
        for name in ("distance", "mean_daily_kwh"):
            assert shown[name][first] == pytest.approx(listed[name][ours][:count], rel=DIGITS)
        for row in np.flatnonzero(ours)[:count]:
            member = (listed[name][row] for name in ("consumer_id", "distance", "mean_daily_kwh"))
            assert "{} {:.3f} {:.1f}".format(*member) in words


def test_sizes_and_energy(crocs, run, exported, tmp_path):
    table, of_report = exported("segments"), reported(run, "segments")
    sizes = np.bincount(exported("consumers")["cluster"])[1:]
    assert table["consumers"].tolist() == of_report["consumers"].tolist() == sizes.tolist()
    assert table["days"].tolist() == of_report["days"].tolist()
    assert np.bincount(exported("day-labels")["cluster"])[1:].tolist() == table["days"].tolist()
    for name in ("consumer_share", "energy_share", "mean_daily_kwh"):
        assert of_report[name] == pytest.approx(table[name], rel=DIGITS)
    listed = crocs("typical", "--run", run, "--clusters", K, tmp_path / "typical.csv")
    assert listed.code == 0
    members = pyarrow.csv.read_csv(tmp_path / "typical.csv").group_by("cluster")
    means = members.aggregate([("mean_daily_kwh", "mean"), ("mean_daily_kwh", "count")]).sort_by("cluster")
    assert means["mean_daily_kwh_count"].to_pylist() == sizes.tolist()
    assert means["mean_daily_kwh_mean"].to_pylist() == pytest.approx(table["mean_daily_kwh"], rel=DIGITS)
    words, glance = sections(run), page(run, f"report/{K}/index.html")
    for number, text in enumerate(words):
        row = {name: table[name][number] for name in table}
        shares = percent(row["consumer_share"]), percent(row["energy_share"])
        assert f"({shares[0]} of all) use {shares[1]} of the energy: {row['mean_daily_kwh']:.1f} kWh" in text
        assert f" {row['consumers']} {shares[0]} {shares[1]} {row['mean_daily_kwh']:.1f} " in glance
    summary = json.loads((run / "comparison" / str(K) / "summary.json").read_text())
    assert [sum(row) for row in summary["transitions"]] == sizes.tolist()


def test_indices(crocs, run, exported):
    table, everywhere = exported("indices"), [run / "report" / "indices.csv"]
    assert table["clusters"].tolist() == [2, K]
    words = page(run, "report/index.html")
    for number, k in enumerate((2, K)):
        score = json.loads(crocs("score", "--run", run, "--clusters", k).out)
        own = page(run, f"report/{k}/index.html")
        for name in NAMES:
            assert score[name] == table[name][number]
            assert f" {score[name]:.4g} " in words
            assert f" {score[name]:.4g} " in own
        everywhere.append(run / "report" / str(k) / "indices.csv")
    for path in everywhere:
        read = pyarrow.csv.read_csv(path).to_pylist()
        for row in read:
            at = table["clusters"].tolist().index(row["clusters"])
            assert [row[name] for name in NAMES] == pytest.approx(
                [table[name][at] for name in NAMES], rel=DIGITS
            )


def test_how_far_segments_are_found_again(run):
    lines = re.findall(
        r"^(\d+) segments: prediction strength (\S+); from other days ARI (\S+), .*; subsamples ARI (\S+) \(",
        *[(run.parent / "stability.txt").read_text(), re.M],
    )
    printed = {int(k): shown for k, *shown in lines}
    both = {row["clusters"]: row for row in pyarrow.csv.read_csv(run / "report" / "indices.csv").to_pylist()}
    assert printed.keys() == both.keys() == {2, K}
    for k, row in both.items():
        kept = Run(run).stability(k)
        strength, days_ari, ari = (kept[name].mean() for name in ("strength", "days_ari", "ari"))
        assert printed[k] == [f"{strength:.2f}", f"{days_ari:.2f}", f"{ari:.3f}"]
        found = {"strength": strength, "days_ari": days_ari, "stability": ari}
        (own,) = pyarrow.csv.read_csv(run / "report" / str(k) / "indices.csv").to_pylist()
        for name, value in found.items():
            assert row[name] == own[name] == pytest.approx(value, rel=DIGITS)
            assert f" {value:.4g} " in page(run, f"report/{k}/index.html")
            of_all = f" {value:.4g} " if name == "stability" else f" {value:.2f} "
            assert of_all in f"{page(run, 'report/index.html')} "
    for share, words in zip(Run(run).stability(K)["jaccard"], sections(run), strict=True):
        assert f"Found again when some of all consumers are left out: {percent(share)} of it" in words
    advice = (run.parent / "stability.txt").read_text().splitlines()[-1]
    assert advice in page(run, "report/index.html")


def rows_of(run, caption):
    """Return the cells of the rows of a table of the report, as text."""
    text = (run / "report" / str(K) / "index.html").read_text()
    tables = re.findall(r"<table.*?</table>", text, flags=re.S)
    (chosen,) = [table for table in tables if re.search(rf"<caption>\s*{caption}", table)]
    rows = re.findall(r"<tr.*?</tr>", chosen.split("<tbody>")[1], flags=re.S)
    cells = [re.findall(r"<t[hd].*?</t[hd]>", row, flags=re.S) for row in rows]
    plain = [
        [
            html.unescape(re.sub(r"<svg.*?</svg>|<small>.*?</small>|<[^>]+>", "", cell, flags=re.S))
            for cell in row
        ]
        for row in cells
    ]
    return [[" ".join(cell.split()) for cell in row] for row in plain]


def mean_days_of(run):
    day = reported(run, "day")
    return {number: day["mean_kwh"][day["cluster"] == number] for number in range(1, K + 1)}


def peak_of_command(run):
    """Return each segment's share of the peak, as `crocs peak` has it."""
    said("peak", "--run", run, "--clusters", K)
    (path,) = (run / "peak" / str(K)).glob("*/peak-segments.csv")
    return table(path)["peak_share"][:K]


def test_the_first_screen_says_what_the_tables_say(run, exported):
    table, of_report, days = exported("segments"), reported(run, "segments"), mean_days_of(run)
    again = Run(run).stability(K)["jaccard"]
    rows = rows_of(run, "Segments, the largest first")
    assert len(rows) == K
    for name, consumers, share, of_energy, daily, of_peak, highest, found in rows:
        number = int(name.split(":")[0])
        row = {column: values[number - 1] for column, values in of_report.items()}
        assert table["segment_name"][number - 1] == row["segment_name"]
        assert name.removesuffix(" (too small to be one)") == f"{number}: {row['segment_name']}"
        assert (consumers, share, of_energy) == (
            f"{row['consumers']:,}", percent(row["consumer_share"]), percent(row["energy_share"])
        )  # fmt: skip
        assert (daily, of_peak) == (f"{row['mean_daily_kwh']:.1f}", percent(row["peak_part"]))
        assert days[number].sum() == pytest.approx(row["mean_daily_kwh"], rel=1e-4)
        assert highest == window(peak_window(days[number]))
        assert found == percent(again[number - 1]) == percent(row["found_again"])
    assert peak_of_command(run) == pytest.approx(of_report["peak_part"], rel=1e-4)
    for column in ("consumer_share", "energy_share", "peak_part"):
        assert of_report[column].sum() == pytest.approx(1.0, abs=1e-4)


def test_a_name_is_the_same_everywhere_and_its_hours_hold_the_maximum(crocs, run, exported, tmp_path):
    names = exported("segments")["segment_name"].tolist()
    assert crocs("typical", "--run", run, "--clusters", K, tmp_path / "typical.csv").code == 0
    prevalence = table(run / "comparison" / str(K) / "prevalence.csv")
    for rows in (exported("consumers"), exported("coverage"), table(tmp_path / "typical.csv"), prevalence):
        assert rows["segment_name"].tolist() == [names[number - 1] for number in rows["cluster"]]
    words, moves = sections(run), page(run, f"comparison/{K}/index.html")
    assert all(f" {number}: {name} " in moves for number, name in enumerate(names, 1))
    for number, day in mean_days_of(run).items():
        assert any(text.startswith(f"Segment {number}: {names[number - 1]} ") for text in words)
        start, end = (int(h) + int(m) / 60 for h, m in re.findall(r"(\d\d):(\d\d)", names[number - 1])[:2])
        top = 24 * (int(day.argmax()) + 0.5) / len(day)
        assert start <= top < end if start < end else top >= start or top < end


def test_signs_and_odd_consumers_are_those_of_the_tables(run):
    table, odd = reported(run, "signs"), reported(run, "not-typical")
    for name, *shares in rows_of(run, "Consumers with each sign"):
        sign = next(sign for sign in table["sign"] if words_of_sign(sign) == name)
        rows = table["sign"] == sign
        known = dict(
            zip(table["cluster"][rows].tolist(), table["consumer_share"][rows].tolist(), strict=True)
        )
        assert shares == [percent(known[number]) for number in range(1, len(shares) + 1)]
    listed = rows_of(run, "All of them") if len(odd["consumer_id"]) else []
    assert listed == [
        [name, str(number), f"{kwh:.1f}", why]
        for name, number, kwh, why in zip(*(odd[column] for column in odd), strict=True)
    ]


def test_mean_days_of_kinds_are_those_of_their_picture(run):
    kinds = reported(run, "kinds")
    page = (run / "report" / str(K) / "index.html").read_text()
    seen = re.findall(r"Mean days of segment (\d+) over the \w+: ([^\"]*?)\.\"", page)
    for number, said in seen:
        for kwh, kind in re.findall(r"(-?[\d.]+) kWh on ([^,]+?)(?:, | and |$)", said):
            rows = (kinds["cluster"] == int(number)) & (kinds["day_kind"] == kind)
            assert float(kwh) == pytest.approx(kinds["mean_kwh"][rows].sum(), abs=0.051)
