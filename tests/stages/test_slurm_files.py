"""What `crocs slurm` writes: each step with its needs, arrays in parts, and a file that stays the user's."""

import json
import re
import subprocess

import pytest

from crocs_cli.stages import plan, slurm
from tests.conftest import digests

SETTINGS = """\
run: {folder}/run
synth: {{consumers: 90, days: 20, clusters: 3, shard_size: 10}}
stage1: {{prototypes: 6}}
rrls: {{clusters: 5}}
"""


@pytest.fixture(autouse=True)
def short_trials(monkeypatch, tmp_path):
    monkeypatch.setattr(plan, "TRIAL_S", 0.05)
    monkeypatch.setattr(plan, "MATRIX_TRIAL", 500)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text(SETTINGS.format(folder=tmp_path))
    return path


def asked(path):
    """Return what a script asks of Slurm."""
    return dict(re.findall(r"^#SBATCH --([\w-]+)(?:=(.*))?$", path.read_text(), re.MULTILINE))


def test_every_step_asks_for_what_plan_says(crocs, config, tmp_path):
    flags = (
        "--tasks",
        4,
        "--cores",
        2,
        "--account",
        "energy",
        "--partition",
        "short",
        "--modules",
        "python/3.11,gcc",
    )
    ended = crocs("slurm", "jobs", "-c", config, *flags)
    assert ended.code == 0, ended.err
    names = ["synth", "stage1", "stage2", "partition", "rrls", "report"]
    assert [line.split()[0] for line in ended.out.splitlines()[:-1]] == names
    assert ended.out.splitlines()[-1].endswith("submit all: bash jobs/submit.sh")
    size = (
        "--consumers",
        90,
        "--days",
        20,
        "--prototypes",
        6,
        "--shard-size",
        10,
        "--tasks",
        4,
        "--cores",
        2,
    )
    planned = crocs("plan", "--run", tmp_path / "run", *size, "--json").out
    needed = {step["name"]: step for step in json.loads(planned)}
    for name in names:
        own = asked(tmp_path / "jobs" / f"{name}.sbatch")
        assert (own["account"], own["partition"]) == ("energy", "short")
        assert own["output"].startswith(f'"{tmp_path}/jobs/logs/')
        if name in needed:
            assert own["mem"] == f"{plan.asked(0, needed[name]['memory_gb'])[0]}M"
        assert own["time"] == ("125" if name in ("synth", "rrls", "report") else "6")
        assert own["cpus-per-task"] == "2"
    assert "module load python/3.11\nmodule load gcc\n" in (tmp_path / "jobs/environment.sh").read_text()
    submit = (tmp_path / "jobs/submit.sh").read_text()
    assert submit.endswith(
        "submit stage1 4\nsubmit stage2 3\nsubmit partition 0\nsubmit rrls 4\nsubmit report 0\n"
    )
    for script in (tmp_path / "jobs").glob("*.s*"):
        subprocess.run(["bash", "-n", script], check=True)


def test_what_the_user_filled_in_stays(crocs, config, tmp_path):
    call = ("slurm", "jobs", "-c", config)
    assert crocs(*call).code == 0
    before = digests(tmp_path / "jobs")
    (tmp_path / "jobs/environment.sh").write_text("module load mine\n")
    (tmp_path / "jobs/stage1.sbatch").write_text("")
    assert crocs(*call).code == 0
    after = digests(tmp_path / "jobs")
    assert {name for name in before if before[name] != after[name]} == {"environment.sh"}
    assert (tmp_path / "jobs/environment.sh").read_text() == "module load mine\n"


@pytest.mark.parametrize(
    ("tasks", "most", "sizes"),
    [(1, 9, [0]), (8, 9, [8]), (9, 9, [9]), (25, 9, [9, 9, 7]), (10, 9, [9, 1])],
)  # fmt: skip
def test_long_arrays_are_several(tasks, most, sizes):
    assert slurm.parts_of(tasks, most) == sizes


@pytest.mark.parametrize(
    ("said", "most"),
    [("echo 'MaxArraySize            = 4001'", 4000), ("exit 1", 1000), ("echo nothing", 1000)],
)
def test_slurm_is_asked_how_long_an_array_may_be(monkeypatch, tmp_path, said, most):
    (tmp_path / "scontrol").write_text(f"#!/bin/sh\n{said}\n")
    (tmp_path / "scontrol").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert slurm.largest_array() == most
    monkeypatch.setenv("PATH", "/nowhere")
    assert slurm.largest_array() == 1000


def test_sizes_come_from_profiles_where_they_are_there(crocs, config, tmp_path):
    assert crocs("synth", "-c", config).code == 0
    config.write_text(f"run: {tmp_path}/run\nstage2: {{distance: footprint}}\n")
    ended = crocs("slurm", "jobs", "-c", config)
    assert ended.code == 0, ended.err
    tasks = [line.split()[:2] for line in ended.out.splitlines()[:3]]
    assert tasks == [["stage1", "8"], ["stage2", "8"], ["partition", "1"]]


@pytest.mark.parametrize(
    ("text", "flags", "code", "said"),
    [
        ("stage1: {}", (), 1, "no `ingest:` section, and .*profiles is not there; add the section, or"),
        ("ingest: {files: [a.csv]}", (), 1, "profiles: nothing there; give --consumers, or run"),
        (None, (), 2, "slurm: no settings file; give -c FILE"),
        ("ingest: {}", ("--consumers", 900_000, "--memory-gb", 2), 1, "partition of 900000 consumers needs"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_said(crocs, tmp_path, text, flags, code, said):
    config = tmp_path / "other.yaml"
    config.write_text(text or "")
    ended = crocs("slurm", "jobs", "--run", tmp_path / "run", *(("-c", config) if text else ()), *flags)
    assert (ended.code, ended.err.count("\n")) == (code, 1)
    assert re.search(said, ended.err)
    assert not (tmp_path / "jobs").exists()
