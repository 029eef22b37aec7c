"""Numbers of segments are added one by one, in any order: what is there stays, and is as if made at once."""

import itertools
import shutil

import pytest

from crocs_cli import __main__
from tests.conftest import digests

NUMBERS = (4, 5, 7)
WAYS = {
    "ward": ("--algorithm", "ward"),
    "cut": ("--algorithm", "ward", "--refine", "none"),
    "kmedoids": ("--algorithm", "kmedoids", "--starts", 3),
    "sample": ("--sample", 16),
    "footprint": ("--distance", "footprint"),
}


def call(*arguments):
    assert __main__.run([str(argument) for argument in arguments]) == 0, arguments


def states(run):
    """Return when each file below a directory was written, and which it is."""
    files_there = (path for path in run.rglob("*") if path.is_file())
    return {str(path.relative_to(run)): (path.stat().st_mtime_ns, path.stat().st_ino) for path in files_there}


@pytest.fixture(scope="module")
def load_sets(tmp_path_factory):
    """Return a run up to stage 1; its days are so few that its segments are not clear."""
    run = tmp_path_factory.mktemp("additive") / "run"
    call(
        "synth", "--run", run, "--consumers", 24, "--days", 8, "--clusters", 4, "--shapes", 3, "--outliers", 3
    )
    call("stage1", "--run", run, "--prototypes", 3)
    return run


@pytest.fixture(scope="module", params=WAYS)
def partitioned(request, load_sets, tmp_path_factory):
    """Return a way to cluster, and the run with all partitions made by one call."""
    run = tmp_path_factory.mktemp(request.param) / "run"
    shutil.copytree(load_sets, run)
    call("stage2", "--run", run, *of(NUMBERS), *WAYS[request.param])
    return WAYS[request.param], run


def of(numbers):
    return [word for k in numbers for word in ("--clusters", k)]


ORDERS = [
    *itertools.permutations([(4,), (5,), (7,)]),
    [(5, 4), (7, 5)],
    [(7,), (4, 5, 7)],
    [(4, 5), (4, 5), (7,)],
]


@pytest.mark.parametrize("calls", ORDERS, ids=str)
def test_every_order_and_repetition_makes_the_same_bytes(partitioned, load_sets, tmp_path, calls):
    way, at_once = partitioned
    run = tmp_path / "run"
    shutil.copytree(load_sets, run)
    for source in ("wsmd", "sample/rls", "sample/wsmd", "vectors"):  # the distances are there already
        if (at_once / source).exists():
            shutil.copytree(at_once / source, run / source)
    for numbers in calls:
        before = states(run)
        call("stage2", "--run", run, *of(numbers), *way)
        after = states(run)
        assert {name: after[name] for name in before} == before, "what is there is not touched"
    assert digests(run) == digests(at_once)


def test_another_number_makes_its_partition_only(partitioned, load_sets, tmp_path):
    way, _ = partitioned
    run = tmp_path / "run"
    shutil.copytree(load_sets, run)
    call("stage2", "--run", run, *of((4, 5)), *way)
    before = states(run)
    call("stage2", "--run", run, *of((7,)), *way)
    after = states(run)
    own = {"partitions/7.h5"}
    if "--sample" in way:
        own |= {"sampled/7.h5", "sample/partitions/7.h5"}
    assert after.keys() - before.keys() == own
    assert {name: after[name] for name in before} == before


def test_what_is_made_of_a_number_stays_valid_when_another_is_added(crocs, load_sets, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(load_sets, run)
    made_of_5 = (
        ("rrls", "--run", run, "--clusters", 5, "--communities", 3, "--starts", 1),
        ("stability", "--run", run, "--samples", 2),
        ("report", "--run", run, "--clusters", 5),
    )
    call("stage2", "--run", run, *of((4, 5)))
    for step in made_of_5:
        call(*step)
    before = states(run)
    call("stage2", "--run", run, *of((7,)))
    for step in made_of_5:
        call(*step)
    after = states(run)
    of_all = {name for name in before if name.startswith("report/") and name.count("/") < 2}
    of_all |= {name for name in before if name.startswith("report/figures/")}  # the page of all numbers
    kept = before.keys() - of_all
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    of_7 = {"partitions/7.h5", "stability/7.h5", "report/figures/days-of-7.svg"}
    assert after.keys() - before.keys() == of_7
    assert after["report/index.html"] != before["report/index.html"], "the page of all numbers has one more"
    call("report", "--run", run, "--clusters", 7)
    assert states(run)["report/5/index.html"] == before["report/5/index.html"]
    page = (run / "report" / "index.html").read_text()
    assert [f'href="{k}/index.html"' in page for k in (4, 5, 7)] == [False, True, True]


@pytest.mark.parametrize(
    "other", [("--algorithm", "kmedoids"), ("--seed", 2), ("--window", "2h"), ("--refine", "none")], ids=str
)
def test_a_number_made_otherwise_is_refused_beside_those_that_are_there(crocs, load_sets, tmp_path, other):
    run = tmp_path / "run"
    shutil.copytree(load_sets, run)
    call("stage2", "--run", run, *of((4,)))
    before = digests(run)
    ended = crocs("stage2", "--run", run, *of((7,)), *other)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert f": made with {other[0][2:]} " in ended.err
    assert "use the same settings, another --run, or move it elsewhere" in ended.err
    assert digests(run) == before
