"""The scripts in slurm/ on a real Slurm: arrays, chains, ranks over nodes; the same bytes as on a laptop."""

import json
import os
import sys
from pathlib import Path

import pytest

from crocs_cli.rundir import memory
from crocs_cli.stages import plan
from crocs_cli.stages.slurm import largest_array
from tests.conftest import ROOT, digests, engine_missing, finish, start
from tests.guides import readings
from tests.slurm.cluster import Cluster, missing, run

pytestmark = pytest.mark.engine

SETTINGS = """\
run: {run}
synth: {{consumers: 60, days: 20, clusters: 3, shard_size: 10}}
stage1: {{prototypes: 6}}
stage2: {{clusters: [3]}}
rrls: {{clusters: 3, communities: 4}}
"""
OF_READINGS = """\
run: "{folder}/run"
ingest: {{files: ["{folder}/readings.csv"], reader: long, shard_size: 6}}
stage1: {{prototypes: 4}}
stage2: {{clusters: [2, 3]}}
stability: {{samples: 3, draws: 1}}
rrls: {{clusters: 3, communities: 3}}
"""
CROCS = str(Path(sys.executable).parent / "crocs")
SMALL = ("--time=5", "--cpus-per-task=1")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if lacking := missing():
        engine_missing(f"no Slurm here: {', '.join(lacking)}")
    with Cluster(tmp_path_factory.mktemp("slurm")) as running:
        yield running


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    config = settings(folder)
    for command in ("synth", "stage1", "stage2", "rrls"):
        ended = finish(start(command, "-c", config))
        assert ended.code == 0, ended.err
    return digests(folder / "run")


def settings(folder):
    path = folder / "run.yaml"
    path.write_text(SETTINGS.format(run=folder / "run"))
    assert finish(start("synth", "-c", path)).code == 0
    return path


@pytest.fixture
def here(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("CROCS", CROCS)


def test_the_pipeline_makes_what_a_laptop_makes(cluster, alone, here, tmp_path):
    logs = f"--output={tmp_path}/%x-%A_%a.out"
    run("bash", "slurm/pipeline.sh", settings(tmp_path), 3, SBATCH_OPTIONS=" ".join([*SMALL, logs]))
    cluster.wait()
    said = "\n".join(path.read_text() for path in sorted(tmp_path.glob("*.out")))
    assert digests(tmp_path / "run") == alone, said


def test_ranks_over_two_nodes_make_the_same(cluster, alone, here, tmp_path):
    config = settings(tmp_path)
    job = cluster.submit(
        *SMALL, "--nodes=2", "--ntasks-per-node=2", f"--output={tmp_path}/mpi.out", "slurm/mpi.sbatch",
        CROCS_CONFIG=str(config),
    )  # fmt: skip
    cluster.wait()
    assert cluster.states(job) == {"COMPLETED"}, (tmp_path / "mpi.out").read_text()
    made = digests(tmp_path / "run")
    assert made == {name: value for name, value in alone.items() if not name.startswith("rrls/")}


def test_a_failed_step_takes_the_later_ones_with_it(cluster, here, tmp_path):
    (tmp_path / "run.yaml").write_text(f"run: {tmp_path / 'nothing'}\n")
    ids = run(
        "bash", "slurm/pipeline.sh", tmp_path / "run.yaml", 2,
        SBATCH_OPTIONS=" ".join([*SMALL, f"--output={tmp_path}/%x-%A_%a.out"]),
    ).split()[1::2]  # fmt: skip
    cluster.wait()
    assert cluster.states(ids[0]) == {"FAILED"}
    assert all(cluster.states(job) == {"CANCELLED"} for job in ids[1:])
    said = (tmp_path / f"crocs-stage1-{ids[0]}_1.out").read_text()
    assert "nothing there; run `crocs ingest` first" in said


def test_a_task_that_is_told_to_stop_is_requeued_and_ends(cluster, alone, here, tmp_path):
    config = settings(tmp_path)
    job = cluster.submit(
        *SMALL, "--array=1-1", f"--output={tmp_path}/%x.out", "slurm/stage1.sbatch",
        CROCS_CONFIG=str(config), CROCS_SHARES="1", CROCS=stopping_crocs(tmp_path),
    )  # fmt: skip
    cluster.wait()
    said = (tmp_path / "crocs-stage1.out").read_text()
    assert said.count("stopped early; requeueing") == 1, said
    assert cluster.states(job) == {"COMPLETED"}
    made = digests(tmp_path / "run")
    assert {name for name in made if name.startswith("rls/")} == {f"rls/{i:05d}.h5" for i in range(6)}
    assert all(alone[name] == value for name, value in made.items())


def stopping_crocs(folder):
    """Return a crocs that is signalled by its own shell once, as Slurm does before the time limit."""
    program = folder / "crocs"
    program.write_text(
        "#!/bin/bash\n"
        f"trap 'kill -USR1 $child' USR1\n{CROCS} \"$@\" & child=$!\n"
        f"if [ ! -e {folder}/signalled ]; then touch {folder}/signalled\n"
        f"  while [ ! -e {folder}/run/rls/00000.h5 ]; do sleep 0.01; done; kill -USR1 $child; fi\n"
        "while :; do wait $child; code=$?; kill -0 $child 2>/dev/null || exit $code; done\n"
    )
    program.chmod(0o755)
    return str(program)


def test_what_status_names_mends_an_unlucky_array(cluster, alone, here, crocs, tmp_path):
    config = settings(tmp_path)
    array = ("--cpus-per-task=1", f"--output={tmp_path}/%x-%A_%a.out")
    shares = {"CROCS_CONFIG": str(config), "CROCS_SHARES": "4"}
    job = cluster.submit(
        *array, "--time=1", "--signal=B:USR1@45", "--array=1-4", "slurm/stage1.sbatch",
        CROCS=unlucky_crocs(tmp_path), **shares,
    )  # fmt: skip
    cluster.wait()
    assert "stopped early; requeueing" in (tmp_path / f"crocs-stage1-{job}_2.out").read_text()
    assert (tmp_path / "killed").exists()
    assert cluster.states(job) == {"COMPLETED", "FAILED"}
    steps = json.loads(crocs("status", "--run", tmp_path / "run", "--shares", 4, "--json").out)["steps"]
    missing = {step["name"]: step["array"] for step in steps}["stage1"]
    assert missing == "3"
    cluster.submit(*array, "--time=5", f"--array={missing}", "slurm/stage1.sbatch", **shares)
    cluster.wait()
    made = digests(tmp_path / "run")
    assert {name for name in made if name.startswith("rls/")} == {f"rls/{i:05d}.h5" for i in range(6)}
    assert all(alone[name] == value for name, value in made.items())


def unlucky_crocs(folder):
    """Return a crocs that once waits for the time limit's signal (task 2), and once is killed (task 3)."""
    program = folder / "unlucky"
    program.write_text(
        "#!/bin/bash\n"
        f"if [ $SLURM_ARRAY_TASK_ID = 2 ] && [ ! -e {folder}/signalled ]; then\n"
        f"  trap 'touch {folder}/signalled; exit 75' USR1; while :; do sleep 0.2; done; fi\n"
        f"if [ $SLURM_ARRAY_TASK_ID = 3 ] && [ ! -e {folder}/killed ]; then\n"
        f'  touch {folder}/killed; {CROCS} "$@" & sleep 0.5; kill -9 $!; wait $!; exit; fi\n'
        f'exec {CROCS} "$@"\n'
    )
    program.chmod(0o755)
    return str(program)


@pytest.fixture(scope="module")
def readings_alone(tmp_path_factory):
    """Return what a laptop makes of a meter file, from ingest to report."""
    folder = tmp_path_factory.mktemp("readings")
    ended = finish(start("run", "-c", readings_settings(folder)))
    assert ended.code == 0, ended.err
    return digests(folder / "run")


def readings_settings(folder):
    readings(folder / "readings.csv", "2013-06-01", 12)
    path = folder / "my.yaml"
    path.write_text(OF_READINGS.format(folder=folder))
    return path


@pytest.mark.parametrize("flags", [(), ("--nodes", 2, "--memory-gb", 0.3)], ids=["arrays", "ranks"])
def test_the_files_of_crocs_slurm_go_from_readings_to_a_report(
    cluster, readings_alone, crocs, monkeypatch, tmp_path, flags
):
    folder = tmp_path / "a place with blanks"
    folder.mkdir()
    config = readings_settings(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(plan, "TRIAL_S", 0.05)
    monkeypatch.setattr(plan, "MATRIX_TRIAL", 500)
    if flags:  # a matrix that no node holds
        monkeypatch.setattr(memory, "partition", lambda *_: 1 << 40)
        monkeypatch.setattr(memory, "partition_of_rank", lambda *_: 1 << 28)
    written = crocs(
        "slurm", "jobs", "-c", config, "--consumers", 24, "--tasks", 3, "--cores", 1, "--max-array", 2,
        "--partition", "main", "--hours", 0.1, *flags,
    )  # fmt: skip
    assert written.code == 0, written.err
    submitted = dict(line.split() for line in run("bash", "jobs/submit.sh", "--time=5").splitlines())
    assert list(submitted) == ["ingest", "stage1", "stage2", "partition", "stability", "rrls", "report"]
    assert {step for step, ids in submitted.items() if ":" in ids} == {"stage1", "rrls"}, "3 tasks, 2 at most"
    assert ("--nodes=2" in Path("jobs/partition.sbatch").read_text()) == bool(flags)
    cluster.wait()
    said = "\n".join(path.read_text() for path in sorted((folder / "jobs/logs").iterdir()))
    made = digests(folder / "run")
    assert {name for name in made if not name.startswith("report")} == {
        name for name in readings_alone if not name.startswith("report")
    }, said
    assert {name: made[name] for name in made if name.endswith((".h5", ".html"))} == {
        name: readings_alone[name] for name in made if name.endswith((".h5", ".html"))
    }


def test_the_cluster_says_how_large_an_array_may_be(cluster):
    assert largest_array() == 1000


def test_the_cluster_is_reached_only_from_here(cluster):
    listening = run("ss", "-ltn")
    conf = Path(os.environ["SLURM_CONF"]).read_text().splitlines()
    ports = [line.split("Port=")[1].split()[0] for line in conf
             if line.startswith("NodeName")]  # fmt: skip
    for port in ports:
        assert f"127.0.0.1:{port} " in listening
        assert f"0.0.0.0:{port} " not in listening
