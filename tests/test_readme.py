"""What README says is true: every command in it runs, every column is described."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from crocs_cli.maths.synthetic.population import Population, cluster_behaviours
from crocs_cli.stages import forecast
from crocs_cli.stages.export import COLUMNS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
LINES = [line.strip() for line in README.splitlines() if re.match(r"    (crocs|mpiexec) ", line)]
COMMANDS = [line.split("  #")[0].strip() for line in LINES]
# the demo by its target, experiments by tests/paper at the quick size, real trials by tests/readers
TESTED_ELSEWHERE = re.compile(r"demo|paper (?!list)|--reader (ausgrid|sgsc)")


def readings(path, first_day, days):
    """Write a long CSV of 24 consumers, as a user has it."""
    people = Population(24, 30, 2, 0, False, 4, cluster_behaviours(5, 3, False, 4))
    stamps = np.datetime64(first_day) + np.arange(days * 48) * np.timedelta64(30, "m")
    lines = ["id,time,kwh"]
    for number in range(24):
        energy = people.energy_kwh(number)[:days].reshape(-1)
        lines += [f"{number:013d},{stamp},{kwh:.4f}" for stamp, kwh in zip(stamps, energy, strict=True)]
    path.write_text("\n".join(lines).replace("T", " "))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "configs", folder / "configs")
    settings = (folder / "configs" / "laptop.yaml").read_text()
    (folder / "my.yaml").write_text(settings)
    readings(folder / "readings.csv", "2013-06-01", 20)
    readings(folder / "new.csv", "2013-07-01", 14)
    readings(folder / "later.csv", "2013-08-01", 20)
    (folder / "control.txt").write_text("\n".join(f"{number:013d}" for number in range(0, 24, 2)))
    return folder


def test_every_command_runs(crocs, place, monkeypatch):
    monkeypatch.chdir(place)
    assert len(COMMANDS) > 15
    for command in COMMANDS:
        name, *arguments = shlex.split(command)
        if name == "crocs" and not TESTED_ELSEWHERE.search(command):
            ended = crocs(*arguments)
            assert ended.code == 0, (command, ended.err)
            assert ended.out.strip(), command
    assert (place / "runs/winter/report-share-safe/5/index.html").exists()
    assert (place / "new-segments.csv").read_text().startswith("consumer_id,cluster,distance")
    assert "0000000000003" in (place / "labels.csv").read_text()
    tables = [*place.glob("runs/winter/report/**/*.csv"), *place.glob("runs/later/comparison/*/*.csv")]
    assert len(tables) > 8
    for path in tables:
        columns = path.read_text().splitlines()[0].replace('"', "").split(",")
        assert not [name for name in columns if f"`{name.removeprefix('others_')}`" not in README], path


def test_every_column_is_described():
    rows = re.findall(r"^\| (?:`([\w./-]+)`)? *\| `(\w+)` \| (.+) \|$", README, re.MULTILINE)
    found, table = {}, ""
    for name, column, said in rows:
        table = name or table
        found.setdefault(table, {})[column] = said
    assert found == COLUMNS | {"forecast/forecast.csv": forecast.COLUMNS}


def test_completion_answers():
    environment = {"COMP_WORDS": "crocs sta", "COMP_CWORD": "1", "_CROCS_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [str(Path(sys.prefix) / "bin" / "crocs")],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["plain,stage1", "plain,stage2", "plain,stability", "plain,status"]
    assert not done.stderr
