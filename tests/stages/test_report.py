"""The report is one page that stands alone, says what is in the run, and shows the same bytes every time."""

import csv
import itertools
import json
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest

from crocs_cli import __main__
from crocs_cli.machine import files
from crocs_cli.maths.segments.disclosure import safe_groups
from crocs_cli.maths.segments.rules import Rule
from crocs_cli.report import words
from crocs_cli.rundir.layouts import PARTITION, PROFILES, RLS, RRLS
from crocs_cli.rundir.run import Run
from tests import made_run, pages
from tests.conftest import digests

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """The elements of a page, its headings, ids and links; checks that every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.words.append(text)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return made_run.make(tmp_path_factory.mktemp("report") / "run", outliers=3)


@pytest.fixture
def written(crocs, run):
    ended = crocs("report", "--run", run, "--clusters", 3)
    assert ended.code == 0, ended.err
    assert ended.out.strip() == f"{run}/report/3/index.html"
    return run / "report" / "3"


def test_the_page_needs_nothing_from_elsewhere(written):
    text = (written / "index.html").read_text()
    page = Page(text)
    assert not page.all("script")
    assert not page.all("link")
    assert not page.all("img")
    links = [attributes["href"] for attributes in page.all("a")]
    assert all(link.startswith("#") or (written / link).exists() for link in links)
    outside = set(re.findall(r"\bhttps?://[^\s\"'<]+", text))
    assert outside <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "default-src 'none'" in text


def test_every_picture_has_words_and_every_table_headers(written):
    page = Page((written / "index.html").read_text())
    pictures = [svg for svg in page.all("svg") if "aria-hidden" not in svg]  # but the samples of lines
    assert len(pictures) > 3 * 6
    assert all(svg["role"] == "img" and len(svg["aria-label"]) > 20 for svg in pictures)
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in attributes for attributes in page.all("th"))


def test_headings_leave_out_no_level_and_ids_are_unique(written):
    page = Page((written / "index.html").read_text())
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [link["href"][1:] for link in page.all("a") if link["href"].startswith("#")]
    assert set(targets) <= set(ids)


def test_the_numbers_are_those_of_the_run(written, run):
    label = Run(run).partition(3)["label"]
    profiles = [files.read(path, PROFILES) for path in sorted((run / "profiles").glob("*.h5"))]
    kwh = np.concatenate([part["energy_kwh"].sum(axis=1) for part in profiles]).reshape(len(label), -1).sum(1)
    rows = list(csv.DictReader((written / "segments.csv").open()))
    assert [int(row["consumers"]) for row in rows] == np.bincount(label).tolist()
    assert [float(row["energy_share"]) for row in rows] == pytest.approx(
        np.bincount(label, kwh) / kwh.sum(), abs=1e-5
    )
    days = {row["count"]: int(row["value"]) for row in csv.DictReader((written / "days.csv").open())}
    assert days["days_used"] == 60 * 30
    rrls = files.read(run / "rrls" / "3" / "02.h5", RRLS)
    rows = [row for row in csv.DictReader((written / "coverage.csv").open()) if row["cluster"] == "2"]
    assert [float(row["day_coverage"]) for row in rows] == pytest.approx(rrls["day_coverage"], abs=1e-5)
    assert "1,800 days of 48 readings" in " ".join(Page((written / "index.html").read_text()).words)


def test_the_same_run_elsewhere_gives_the_same_bytes(crocs, run, written, tmp_path):
    first = digests(written)
    shutil.copytree(run, tmp_path / "copy", ignore=shutil.ignore_patterns("report"))
    assert crocs("report", "--run", tmp_path / "copy", "--clusters", 3).code == 0
    assert digests(tmp_path / "copy" / "report" / "3") == first


def test_another_report_leaves_nothing_of_the_earlier_one(crocs, tmp_path):
    run = made_run.make(tmp_path / "run")
    assert crocs("report", "--run", run).code == 0, "rrls explains one partition, so it need not be named"
    shown = list((run / "report" / "3" / "figures").glob("segment-3-*.svg"))
    (run / "report" / "3" / "notes.txt").write_text("mine")
    (run / "rrls" / "3" / "03.h5").unlink()
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    left = list((run / "report" / "3" / "figures").glob("segment-3-*.svg"))
    assert 0 < len(left) < len(shown)
    assert (run / "report" / "3" / "notes.txt").read_text() == "mine"


def test_without_behaviours_the_page_says_what_finds_them(crocs, tmp_path):
    run = made_run.make(tmp_path / "run", with_rrls=False)
    ended = crocs("report", "--run", run)
    assert ended.code == 1
    assert "partitions into 2, 3 segments are there; name one with --clusters" in ended.err
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    said = " ".join(" ".join(Page((run / "report" / "3" / "index.html").read_text()).words).split())
    assert "crocs rrls --clusters 3 finds them" in said


def test_behaviours_of_other_load_sets_are_refused(crocs, tmp_path):
    run = made_run.make(tmp_path / "run")
    path = run / "rrls" / "3" / "01.h5"
    arrays = files.read(path, RRLS)
    for name in ("vertex_member", "vertex_days", "vertex_community"):
        arrays[name] = arrays[name][:-1]
    files.write(path, RRLS, arrays, files.read_recipe(path, RRLS))
    ended = crocs("report", "--run", run)
    assert ended.code == 1
    fault = "its consumers are not those of the run; move it elsewhere and run `crocs rrls` again"
    assert f"rrls/3/01.h5: {fault}" in ended.err


def test_names_are_escaped(crocs, tmp_path):
    run = made_run.make(tmp_path / "run")
    for path in (run / "rls").glob("*.h5"):
        made_by = files.read_recipe(path, RLS)
        made_by["settings"]["normalise"] = "<script>alert(1)</script>"
        files.write(path, RLS, files.read(path, RLS), made_by)
    assert crocs("report", "--run", run).code == 0
    text = (run / "report" / "3" / "index.html").read_text()
    assert "&lt;script&gt;" in text
    assert not Page(text).all("script")


def test_a_safe_report_names_nobody_and_shows_no_real_day(crocs, tmp_path):
    run = made_run.make(tmp_path / "run", outliers=3)
    ended = crocs("report", "--run", run, "--rule", "5/15")
    assert ended.code == 0, ended.err
    folder = run / "report-share-safe" / "3"
    assert ended.out.strip() == f"{folder}/index.html"
    ids = Run(run).partition(3)["consumer_id"]
    for path in (path for path in folder.rglob("*") if path.is_file()):
        text = path.read_text()
        assert not [name for name in ids if name in text], path
        assert path.suffix == ".html" or "medoid" not in text, path
    assert 'class="key medoid"' not in (folder / "index.html").read_text()
    assert "no real household’s day is shown" in " ".join(
        Page((folder / "index.html").read_text()).words
    ).replace("\n", " ")


def test_a_safe_report_merges_small_segments(crocs, tmp_path):
    run = made_run.make(tmp_path / "run")
    sizes = np.bincount(Run(run).partition(3)["label"])
    assert crocs("report", "--run", run, "--rule", f"{sizes.min() + 1}/15").code == 0
    rows = list(csv.DictReader((run / "report-share-safe" / "3" / "segments.csv").open()))
    assert [int(row["consumers"]) for row in rows] == [sizes[0], sizes[1] + sizes[2]]
    ended = crocs("report", "--run", run, "--rule", "61/15")
    assert ended.code == 1
    assert (
        "its 60 consumers are not at least 61 consumers, none with more than 15% of the energy" in ended.err
    )
    assert "nothing of it may be passed on; the rule 60/15 would show them all together" in ended.err


LABEL = np.repeat([0, 1, 2, 3], [20, 10, 8, 7])  # one of seven has less than 15 %


@pytest.mark.parametrize(
    ("minimum", "heavy", "groups"),
    [
        (7, None, [(0,), (1,), (2,), (3,)]),
        (8, None, [(0,), (1,), (2, 3)]),
        (16, None, [(0,), (1, 2, 3)]),
        (21, None, [(0, 1, 2, 3)]),
        (46, None, None),
        (7, 21, [(0,), (2,), (1, 3)]),
    ],
)
def test_safe_groups(minimum, heavy, groups):
    used = np.full(len(LABEL), 10.0)
    if heavy is not None:
        used[heavy] = 25.0  # 22 % of what segment 1 uses, 14 % of what 1 and 3 use together
    assert safe_groups(LABEL, used, Rule("", minimum, 15)) == groups


def test_what_sets_a_segment_apart_is_what_the_others_lack(written):
    said = " ".join(" ".join(Page((written / "index.html").read_text()).words).split())
    assert "set it apart:" in said
    assert "Its nearest is segment" in said


@pages.at_each_width("report/page.html")
def test_a_browser_shows_the_report_whole(browser, written, width):
    assert pages.faults(browser, written / "index.html", width) == []


@pages.at_each_width("report/numbers.html")
def test_a_browser_shows_all_numbers_of_segments_whole(browser, written, width):
    assert pages.faults(browser, written.parent / "index.html", width) == []


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0%"), (0.001, "under 1%"), (0.5, "50%"), (0.999, "over 99%"), (1, "100%")],
)
def test_shares_in_words(share, said):
    assert words.percent(share) == said


@pytest.mark.parametrize(
    ("hour", "said"), [(0, "00:00"), (6.25, "06:00"), (6.5, "06:30"), (24, "24:00"), (25.5, "01:30")]
)
def test_times_in_words(hour, said):
    assert words.clock(hour) == said


def test_the_whole_chain_in_one_call_passes_its_seed_on(crocs, tmp_path):
    settings = {
        "seed": 1,
        "synth": {"consumers": 12, "days": 12, "clusters": 2},
        "stage1": {"prototypes": 4},
        "stage2": {"clusters": [2]},
        "rrls": {"clusters": 2},
    }
    (tmp_path / "chain.yaml").write_text(json.dumps(settings))
    ended = crocs("run", "-c", tmp_path / "chain.yaml", "--run", tmp_path / "run", "--seed", 7)
    assert ended.code == 0, ended.err
    assert (tmp_path / "run" / "report" / "2" / "index.html").exists()
    for name, layout in (
        ("profiles/00000.h5", PROFILES),
        ("rls/00000.h5", RLS),
        ("partitions/2.h5", PARTITION),
        ("rrls/2/01.h5", RRLS),
    ):
        assert files.read_recipe(tmp_path / "run" / name, layout)["settings"]["seed"] == 7, name


@pytest.mark.parametrize("scale", [0.1, 0.7, 1 / 3, 1.0])
def test_a_consumer_with_exactly_the_largest_part_may_be_shown(scale):
    used_kwh = scale * np.array([3.0] + [1.0] * 17)  # 3 of 20 is 15 %
    assert safe_groups(np.zeros(18, int), used_kwh, Rule("", 5, 15)) == [(0,)]


@pytest.mark.parametrize("seed", range(5))
def test_rounding_chooses_no_time_of_day(seed):
    noise = np.random.default_rng(seed).uniform(-1e-12, 1e-12, 48)
    excess = np.zeros(48)
    excess[20:22] = 0.3  # every window that has both slots has as much
    assert words._best_window(excess + noise)[0] == 16


def test_five_hours_are_a_peak_at_every_interval():
    times = [tuple(slot * 24 / 288 for slot in (start, start + 60, start + 30)) for start in range(228)]
    assert max(end - start for start, end, _ in times) > 5  # by its last bit
    assert all("peak" in words._high_name([each]) for each in times)


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    """Make the report of five segments and one consumer that is in none of them."""
    run = made_run.make(tmp_path_factory.mktemp("five") / "run", clusters=5, consumers=80)
    path = run / "partitions" / "5.h5"
    arrays, made_by = files.read(path, PARTITION), files.read_recipe(path, PARTITION)
    arrays["label"][int(np.flatnonzero(arrays["label"] == 0)[0])] = 5
    arrays["medoid"] = np.append(arrays["medoid"], 0)
    files.write(run / "partitions" / "6.h5", PARTITION, arrays, made_by | {"key": "6"})
    assert __main__.run(["report", "--run", str(run), "--clusters", "6"]) == 0
    return run / "report" / "6"


def heights(browser, path):
    """Return where the first screen and the whole page of a report end at a desk, in pixels."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(path.as_uri())
    bottom = page.evaluate("document.querySelector('.glance').getBoundingClientRect().bottom")
    height = page.evaluate("document.documentElement.scrollHeight")
    page.close()
    return bottom, height


def test_the_first_screen_and_the_page_are_short(browser, five):
    bottom, height = heights(browser, five / "index.html")
    assert bottom <= 1000
    assert height <= 6000


def test_eight_segments_fit_the_first_screen(browser, tmp_path):
    run = made_run.make(tmp_path / "run", clusters=8, consumers=80)
    assert __main__.run(["report", "--run", str(run), "--clusters", "8"]) == 0
    page = run / "report" / "8" / "index.html"
    assert "8 segments of 80" in page.read_text()
    assert heights(browser, page)[0] <= 1000


def test_a_consumer_alone_is_no_segment(five):
    text = (five / "index.html").read_text()
    page = Page(text)
    said = " ".join(" ".join(page.words).split())
    assert said.count("5 segments of 80 consumers") == 2, "in the title and the heading"
    pictures = [name.name for name in (five / "figures").glob("segment-*-day.svg") if "mean" not in name.name]
    assert sorted(pictures) == [f"segment-{number}-day.svg" for number in range(1, 6)]
    (odd,) = csv.DictReader((five / "not-typical.csv").open())
    assert (odd["cluster"], odd["reason"]) == ("6", "alone: no other is like it")
    assert f"{odd['consumer_id']} 6 " in said
    assert text.index('id="odd"') < text.index('id="segment-6"')
    rows = list(csv.DictReader((five / "segments.csv").open()))
    assert sum(float(row["energy_share"]) for row in rows) == pytest.approx(1, abs=1e-5), "none is lost"


def test_a_safe_report_lists_no_consumer_and_no_sign(crocs, tmp_path):
    run = made_run.make(tmp_path / "run")
    assert crocs("report", "--run", run, "--rule", "5/15").code == 0
    folder = run / "report-share-safe" / "3"
    assert not (folder / "not-typical.csv").exists()
    assert len((folder / "signs.csv").read_text().splitlines()) == 1
    assert 'id="odd"' not in (folder / "index.html").read_text()
    assert all(int(row["consumers"]) >= 5 for row in csv.DictReader((folder / "kinds.csv").open()))
