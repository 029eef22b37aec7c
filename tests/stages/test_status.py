"""What status says is missing is what the shares that it names will make."""

import json
import re

import pytest

from tests.conftest import digests


@pytest.fixture
def run(crocs, tmp_path):
    crocs("synth", "--run", tmp_path, "--consumers", 300, "--days", 6, "--shard-size", 30)
    return tmp_path


def arrays(crocs, run, shares):
    steps = json.loads(crocs("status", "--run", run, "--shares", shares, "--json").out)["steps"]
    return {step["name"]: step["array"] for step in steps}


def elements(array):
    for part in array.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def test_before_a_step_all_its_shares_are_named(crocs, run):
    expected = {"profiles": "", "stage1": "1-4", "distances": "1-4", "partition": "1-4", "truth": ""}
    assert arrays(crocs, run, 4) == expected
    assert arrays(crocs, run, 12)["stage1"] == "1-10", "ten shards leave two shares idle"


def test_the_named_shares_make_exactly_what_is_missing(crocs, run):
    assert crocs("stage1", "--run", run, "--prototypes", 2).code == 0
    assert crocs("stage2", "--run", run, "--clusters", 2).code == 0
    whole = digests(run)
    lost = ("rls/00002.h5", "rls/00007.h5", "wsmd/001-002.h5", "wsmd/003-003.h5", "partitions/2.h5")
    for name in lost:
        (run / name).unlink()
    named = arrays(crocs, run, 5)
    assert named["stage1"] == "3", "2 and 7 are both of the third share of five"
    for share in elements(named["stage1"]):
        crocs("stage1", "--run", run, "--prototypes", 2, "--share", f"{share}/5")
    for share in elements(named["distances"]):
        crocs("stage2", "--run", run, "--clusters", 2, "--share", f"{share}/5")
    assert digests(run) == whole


def test_a_line_says_it_in_words(crocs, run):
    crocs("stage1", "--run", run, "--prototypes", 2)
    (run / "rls" / "00004.h5").unlink()
    said = crocs("status", "--run", run, "--shares", 10).out
    assert re.search(r"^stage1 +partly +9 of 10, missing: 00004, --array=5$", said, re.M)
