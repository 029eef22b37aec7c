"""What plan says comes from a trial and grows as the work does; what cannot be is refused with what can."""

import json
import re
import shlex

import pytest

from crocs_cli.stages import plan

SIZE = ("--days", 20, "--prototypes", 4, "--memory-gb", 24, "--json")


@pytest.fixture(autouse=True)
def short_trials(monkeypatch):
    monkeypatch.setattr(plan, "TRIAL_S", 0.05)
    monkeypatch.setattr(plan, "MATRIX_TRIAL", 500)


def steps(crocs, *arguments):
    ended = crocs("plan", "--run", "nowhere", *SIZE, *arguments)
    assert ended.code == 0, ended.err
    return {step["name"]: step for step in json.loads(ended.out)}


def test_eighty_thousand_fit_one_small_machine(crocs):
    found = steps(crocs, "--consumers", 80_000, "--tasks", 10, "--cores", 2)
    assert 12 < found["partition"]["memory_gb"] < 14
    assert found["stage2"]["disk_gb"] == pytest.approx(4 * 80_000 * 79_999 / 2 / 2**30)
    assert found["stage2"]["core_hours"] == pytest.approx(20 * found["stage2"]["hours"])
    assert "--array=1-10 --cpus-per-task=2" in found["stage2"]["submit"]
    assert "CROCS_SHARES=10" in found["stage1"]["submit"]


def test_every_step_says_its_memory_and_only_what_is_tried_its_time(crocs):
    found = steps(crocs, "--consumers", 1000)
    assert set(found) > {"ingest", "synth", "stage1", "stage2", "partition", "rrls", "assign", "screen rank"}
    assert all(0.15 < step["memory_gb"] < 1.5 for step in found.values())
    assert found["rrls"]["core_hours"] is None
    larger = steps(crocs, "--consumers", 1000, "--largest-cluster", 1)
    assert larger["rrls"]["memory_gb"] > found["rrls"]["memory_gb"]


def test_the_matrix_is_spread_over_as_few_nodes_as_hold_it(crocs):
    spread = steps(crocs, "--consumers", 200_000, "--nodes", 50)["partition"]
    assert "sbatch --nodes=7 --ntasks-per-node=1" in spread["submit"]
    assert spread["memory_gb"] < 24


def test_what_cannot_fit_is_refused_with_what_would(crocs):
    ended = crocs("plan", "--run", "nowhere", *SIZE, "--consumers", 1_000_000, "--nodes", 2)
    assert ended.code == 1
    assert "the partition of 1000000 consumers needs 1864.3 GB" in ended.err
    assert "--sample 112000" in ended.err


def test_the_sample_that_is_named_fits(crocs):
    assert "partition" in steps(crocs, "--consumers", 112_000)


def test_consumers_are_counted_where_there_are_profiles(crocs, tmp_path):
    crocs("synth", "--run", tmp_path, "--consumers", 30, "--days", 2, "--shard-size", 20)
    ended = crocs("plan", "--run", tmp_path, "--json", "--days", 2)
    disk = {step["name"]: step for step in json.loads(ended.out)}["stage2"]["disk_gb"]
    assert disk == pytest.approx(4 * 30 * 29 / 2 / 2**30)


def test_the_lines_that_submit_can_be_pasted(crocs, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.yaml").write_text("run: there\ningest: {files: [a.csv]}\n")
    size = ("--days", 20, "--prototypes", 4, "--consumers", 3000, "--tasks", 3)
    lines = crocs("plan", "-c", "my.yaml", *size).out.splitlines()
    total = next(line for line in lines if line.startswith("total"))
    assert re.search(r"GB on disk, [\d.]+ core-hours, [\d.]+ h one after the other", total)
    assert lines[-2].startswith("crocs slurm jobs -c my.yaml --consumers 3000 --days 20 --prototypes 4")
    assert lines[-1] == "bash jobs/submit.sh"
    assert crocs(*shlex.split(lines[-2])[1:]).code == 0
    assert "submit stage1 3\nsubmit stage2 3\n" in (tmp_path / "jobs" / "submit.sh").read_text()


def test_a_sample_needs_no_matrix_of_all(crocs):
    found = steps(crocs, "--consumers", 1_000_000, "--sample", 20_000)
    assert found["partition"]["memory_gb"] < 2
    assert found["stage2"]["disk_gb"] == pytest.approx(4 * 20_000 * 19_999 / 2 / 2**30)


def test_plan_says_what_it_tries_unless_it_is_to_be_quiet(crocs, caplog):
    call = ("plan", "--run", "nowhere", *SIZE, "--consumers", 1000)
    json.loads(crocs(*call).out)
    assert re.findall(r"trial (\d of \d)", caplog.text) == ["1 of 3", "2 of 3", "3 of 3"]
    caplog.clear()
    assert crocs("-q", *call).code == 0
    assert caplog.text == ""
