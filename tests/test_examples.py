"""Every example that `crocs COMMAND --help` shows works, in the order of the commands."""

import shlex
import shutil

import pyarrow.csv
import pyarrow.parquet

from crocs_cli.cli import COMMANDS, cli
from crocs_cli.stages import plan
from tests.conftest import SHARED_DATA

OWN_TESTS = ("screen", "paper")  # long examples: tests/screen and tests/paper call these commands
# what the examples find when they start, beside what those before them made
BEFORE = {
    "stage1": ["synth --run runs/second --consumers 60 --days 20 --clusters 4"],
    "stage2": [
        "synth --run runs/third --consumers 200 --days 20",
        "stage1 --run runs/third",
        "synth --run runs/fourth --consumers 60 --days 20",
    ],
    "export": ["peak --run runs/first --clusters 5"],
    "assign": ["synth --run runs/new --consumers 40 --days 30 --seed 5"],
    "rrls": ["synth --run runs/later --consumers 200 --days 30 --seed 2", "stage1 --run runs/later"],
}


def examples(name):
    text = cli.get_command(None, name).help.split("Examples:")[1]
    lines = [line.strip() for line in text.splitlines()]
    return [line.removeprefix("crocs ") for line in lines if line.startswith("crocs ")]


def meter_files(folder):
    """Write the files that the examples of ingest read."""
    rows = ["id,time,kwh"]
    for consumer in range(3):
        for day in range(3, 8):
            for slot in range(48):
                stamp = f"2013-06-{day:02d} {slot // 2:02d}:{slot % 2 * 30:02d}"
                rows.append(f"10{consumer},{stamp},{0.1 + (slot * (consumer + 2) + day) % 7 / 10:.3f}")
    (folder / "readings.csv").write_text("\n".join(rows))
    (folder / "meters").mkdir()
    table = pyarrow.csv.read_csv(folder / "readings.csv")
    pyarrow.parquet.write_table(table, folder / "meters" / "june.parquet")
    trial = SHARED_DATA / "sgsc" / "sgsc_23x16months.csv.gz"
    if trial.exists():
        shutil.copy(trial, folder / "sgsc.csv.gz")


def test_every_example_works(crocs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "TRIAL_S", 0.05)
    demo = tmp_path / "demo.yaml"
    meter_files(tmp_path)
    for name, price in (("now", 0.25), ("new", 0.3)):
        (tmp_path / f"{name}.yaml").write_text(f"currency: EUR\nenergy:\n  - price: {price}\n")
    (tmp_path / "treated.csv").write_text("\n".join(f"S{number:07d}" for number in range(0, 200, 8)))
    (tmp_path / "control.txt").write_text("S0000001\nS0000002\nS0000003\n")
    ran = 0
    ordered = ["synth", *(name for name in COMMANDS if name not in ("synth", *OWN_TESTS))]
    # `quality` reads what `ingest` or `synth` made, `rrls` what both runs have by then
    for name in ordered:
        for line in [*BEFORE.get(name, []), *examples(name)]:
            if "sgsc.csv.gz" in line and not (tmp_path / "sgsc.csv.gz").exists():
                continue
            ended = crocs(*shlex.split(line))
            assert ended.code == 0, f"crocs {line}\n{ended.err}"
            if "example demo" in line:
                demo.write_text(demo.read_text().replace("consumers: 240", "consumers: 60"))
            ran += 1
    assert ran > 25
