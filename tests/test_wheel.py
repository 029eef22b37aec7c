"""The wheel and the source archive, tried as a user does: a fresh environment, outside the repository."""

import re
import shutil
import subprocess
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, engine_missing
from tests.guides import readings

pytestmark = pytest.mark.slow
EXAMPLE = """
import numpy
import crocs_cli
run = crocs_cli.open_run("runs/winter")
profiles = run.profiles()
days = numpy.column_stack([profiles[slot] for slot in profiles.column_names[2:]])
model = crocs_cli.Crocs(prototypes=5, clusters=3).fit(days, profiles["consumer_id"].to_numpy())
print(run.segments(5).num_rows, len(model.labels_))
"""
STAGES = ("ingest", "stage1", "stage2", "rrls")


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """Build the wheel and the source archive; the backend comes from the package index."""
    folder = tmp_path_factory.mktemp("build")
    venv.create(folder / "env", with_pip=True)
    tools = folder / "env" / "bin"
    backend = re.search(r'requires = \["(.+)"\]', (ROOT / "pyproject.toml").read_text())[1]
    got = subprocess.run(
        [tools / "pip", "install", "--quiet", backend], capture_output=True, text=True, check=False
    )
    if got.returncode:
        engine_missing(f"no {backend} to build with: {got.stderr.strip().splitlines()[-1:]}")
    subprocess.run(
        [tools / "hatchling", "build", "-d", folder / "dist"], cwd=ROOT, check=True, capture_output=True
    )
    return next((folder / "dist").glob("*.whl")), next((folder / "dist").glob("*.tar.gz")), tools


@pytest.fixture(scope="module")
def crocs_of_wheel(archives, tmp_path_factory):
    """Install the wheel in an environment that finds the libraries of this one; return how to call crocs."""
    folder = tmp_path_factory.mktemp("user")
    venv.create(folder / "env", with_pip=True)
    wheel = archives[0]
    pip = [folder / "env" / "bin" / "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(pip, check=True, capture_output=True)
    packages = next((folder / "env" / "lib").glob("python*")) / "site-packages"
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    place, programs = folder / "place", folder / "programs"  # neither make nor git is on the path
    place.mkdir()
    programs.mkdir()
    (programs / "crocs").symlink_to(folder / "env" / "bin" / "crocs")

    def call(*arguments):
        environment = {"PATH": str(programs), "HOME": str(folder)}
        done = subprocess.run(
            [programs / "crocs", *arguments],
            cwd=place, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    call.place, call.python = place, folder / "env" / "bin" / "python"
    return call


def test_readings_become_a_report_with_the_wheel_alone(crocs_of_wheel):
    place = crocs_of_wheel.place
    where = "import crocs_cli; print(crocs_cli.__file__)"
    done = subprocess.run(
        [crocs_of_wheel.python, "-c", where], cwd=place, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).is_relative_to(place.parent), "another crocs than that of the wheel"
    readings(place / "readings.csv", "2013-06-01", 20)
    crocs_of_wheel("init", "readings.csv", "-o", "winter.yaml")
    settings = place / "winter.yaml"
    settings.write_text(settings.read_text().replace("'?'", "Europe/London"))
    for stage in STAGES:
        crocs_of_wheel(stage, "-c", "winter.yaml")
    page = crocs_of_wheel("report", "-c", "winter.yaml", "--clusters", "5").strip()
    assert "<svg" in (place / page).read_text()
    assert crocs_of_wheel("guide", "formats").startswith("# Read your meter files")
    crocs_of_wheel("init", "--example", "demo", "-o", "demo.yaml")
    assert (place / "demo.yaml").read_text() == (ROOT / "configs" / "demo.yaml").read_text()
    crocs_of_wheel("slurm", "jobs", "-c", "demo.yaml", "--consumers", "5000")
    assert (place / "jobs" / "submit.sh").exists()
    done = subprocess.run(
        [crocs_of_wheel.python, "-c", EXAMPLE], cwd=place, capture_output=True, text=True, check=True
    )
    assert done.stdout == "5 24\n"


def test_slurm_files_and_the_python_api_need_no_clone(crocs_of_wheel):
    place = crocs_of_wheel.place
    crocs_of_wheel("init", "--example", "demo", "-o", "cluster.yaml")
    crocs_of_wheel("slurm", "jobs", "-c", "cluster.yaml")
    program = crocs_of_wheel.python.with_name("crocs")
    assert f"export CROCS={program}\n" in (place / "jobs" / "environment.sh").read_text()
    assert f"{place}/jobs/task.sh stage1" in (place / "jobs" / "stage1.sbatch").read_text()
    code = "import doctest, crocs_cli.estimator as e; print(doctest.testmod(e))"
    call = [crocs_of_wheel.python, "-c", code]
    done = subprocess.run(call, cwd=place, capture_output=True, text=True, check=True)
    assert re.match(r"TestResults\(failed=0, attempted=[1-9]", done.stdout)


def test_the_wheel_holds_what_a_clone_has_beside_the_package(archives):
    names = {*zipfile.ZipFile(archives[0]).namelist()}
    for folder in ("configs", "slurm"):
        assert {f"crocs_cli/{folder}/{path.name}" for path in (ROOT / folder).iterdir()} <= names
    assert {f"crocs_cli/docs/{path.name}" for path in (ROOT / "crocs_cli" / "docs").glob("*.md")} <= names
    assert not [name for name in names if name.startswith("tests/")]


def test_the_source_archive_gives_the_same_wheel(archives, tmp_path):
    wheel, source, tools = archives
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = next(tmp_path.iterdir())
    assert (folder / "tests" / "test_wheel.py").exists()
    subprocess.run(
        [tools / "hatchling", "build", "-t", "wheel", "-d", tmp_path / "again"], cwd=folder, check=True
    )
    again = next((tmp_path / "again").glob("*.whl"))
    assert {i.filename: i.CRC for i in zipfile.ZipFile(again).infolist()} == {
        i.filename: i.CRC for i in zipfile.ZipFile(wheel).infolist()
    }
    shutil.rmtree(folder)
