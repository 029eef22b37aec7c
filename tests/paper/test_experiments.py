"""The experiments at their quick size: each claim's direction, and the same bytes in every mode."""

import csv
import re
import signal
import time

import pytest

from crocs_cli import __main__
from crocs_cli.paper.experiments import NAMES, experiment
from tests import pages
from tests.conftest import data, digests, finish, mpiexec, start

SMALL = "mixed"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return the directory of all experiments at their quick size, and what was said."""
    out = tmp_path_factory.mktemp("results")
    ended = finish(start("paper", "all", "--quick", "--out", out), within_s=1800)
    assert ended.code == 0, ended.err
    return out, ended.out


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_shows_its_direction_at_the_quick_size(results, name):
    with (results[0] / f"{name}-quick" / "findings.csv").open() as file:
        findings = list(csv.DictReader(file))
    assert findings
    assert not [finding for finding in findings if finding["holds"] != "True"]


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_leaves_its_figures_and_a_picture(results, name):
    folder = results[0] / f"{name}-quick"
    with (folder / "figures.csv").open() as file:
        figures = list(csv.DictReader(file))
    assert {"repetition", "series", "at", "value"} <= set(figures[0])
    assert all(figure["series"] for figure in figures)
    assert (folder / "picture.svg").read_text().startswith("<svg")


def test_the_page_has_every_finding_beside_the_papers(results):
    out, said = results
    page = (out / "quick.html").read_text()
    assert said.splitlines()[-1] == "holds: every claim of every experiment"
    assert page.count("<svg") == len(NAMES)
    assert "<image" not in page, "the page's own policy would not show it"
    assert "mathdefault" not in page, "numbers, not TeX"
    assert "http://" not in page.replace("http://www.w3.org", "")
    for name in NAMES:
        assert f'<section id="{name}"' in page
    assert len(re.findall("<td>holds</td>", page)) == said.count("  yes ")


@pages.at_each_width("paper/page.html")
def test_a_browser_shows_the_page_whole(browser, results, width):
    assert pages.faults(browser, results[0] / "quick.html", width) == []


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return the digests of one small experiment made by one process."""
    out = tmp_path_factory.mktemp("alone")
    assert __main__.run(["paper", SMALL, "--quick", "--out", str(out)]) == 0
    return digests(out)


def test_shares_make_the_same_bytes(alone, crocs, tmp_path):
    for share in ("2/3", "1/3", "3/3"):
        ended = crocs("paper", SMALL, "--quick", "--out", tmp_path, "--share", share)
        assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1].startswith("holds: "), "the last share judges"
    assert digests(tmp_path) == alone


def test_a_share_that_is_not_the_last_says_so(crocs, tmp_path):
    ended = crocs("paper", SMALL, "--quick", "--out", tmp_path, "--share", "1/2")
    assert ended.code == 0
    assert "this share is done; the last share" in ended.out
    assert not list(tmp_path.rglob("*.csv"))


@pytest.mark.engine
def test_ranks_make_the_same_bytes(alone, tmp_path):
    ended = finish(start("paper", SMALL, "--quick", "--out", tmp_path, launcher=mpiexec(2)))
    assert ended.code == 0, ended.err
    assert ended.out.count("holds: ") == 1, "only one rank reports"
    assert digests(tmp_path) == alone


def test_a_killed_experiment_ends_as_if_it_had_not_been(alone, crocs, tmp_path):
    for cells in (1, 2):  # of four
        process = start("paper", SMALL, "--quick", "--out", tmp_path)
        while len(list(tmp_path.rglob("*_00?.h5"))) < cells and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it was killed before it had ended"
        assert not list(tmp_path.rglob("*.csv"))
    ended = crocs("paper", SMALL, "--quick", "--out", tmp_path)
    assert ended.code == 0, ended.err
    assert digests(tmp_path) == alone


def test_more_repetitions_go_on_from_those_that_are_made(crocs, tmp_path):
    call = ("paper", SMALL, "--quick", "--out", tmp_path, "--repetitions")
    crocs(*call, 1)
    one = digests(tmp_path)
    crocs(*call, 2)
    two = digests(tmp_path)
    cells = {name for name in one if "/cells/" in name}
    assert {name: two[name] for name in cells} == {name: one[name] for name in cells}
    assert len([name for name in two if "/cells/" in name]) == 2 * len(cells)


def test_real_consumers_are_alike_out_of_step_and_explained_by_few_behaviours(crocs, tmp_path):
    meters, run = data("sgsc/sgsc_23x16months.csv.gz"), tmp_path / "run"
    crocs("ingest", "--run", run, "--reader", "sgsc", "--timezone", "+10:00", meters)
    for name in ("asynchrony", "application"):
        ended = crocs("paper", name, "--quick", "--run", run, "--out", tmp_path / "out")
        assert ended.code == 0, ended.err
        assert f"the days of {run}" in ended.out
        assert ended.out.splitlines()[-1].startswith("holds: "), ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["paper", "set-distance", "--out", "x"], 2, "no such experiment; did you mean set-distances?"),
        (["paper", "zzz", "--out", "x"], 2, "no such experiment; known here: "),
        (["paper", "mixed"], 2, "no directory for the results; give --out DIR"),
        (["paper", "markov", "--quick", "--out", "x", "--run", "no"], 1, "no/profiles: nothing there"),
        (
            ["paper", "mixed", "--out", "x", "--repetitions", "0"],
            2,
            "--repetitions: input should be greater than or equal to 1",
        ),
    ],
)
def test_a_wrong_call_is_one_line(crocs, tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    ended = crocs(*arguments)
    assert ended.code == code
    assert len(ended.err.strip().splitlines()) == 1
    assert said in ended.err
    assert not list(tmp_path.iterdir())


def test_the_list_names_every_experiment_and_its_place_in_the_paper(crocs):
    lines = crocs("paper", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    assert all(experiment(name).source in line for name, line in zip(NAMES, lines, strict=True))
