"""The lowest and the newest libraries that pyproject.toml allows: an environment of each runs the tests."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from xml.etree import ElementTree

from tests.torture.tally import Tally

PROMISE = "The lowest and the newest versions that pyproject.toml allows both work"
HOW = "an environment of each from the package index, in which all but the slow tests run"
SHORT, LONG = 20, 1000
ROOT = Path(__file__).parent.parent.parent
BOUND = re.compile(r"([\w.-]+)>=([\d.]+)")


def requirements() -> dict[str, str]:
    """Return the requirements of crocs, of its extras and of its tests: {name: lowest version}."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    listed = [requirement for group in (project["dependencies"], *extras) for requirement in group]
    matches = [BOUND.fullmatch(requirement) for requirement in listed]
    assert all(matches), f"a requirement is not NAME>=VERSION: {listed}"
    return {match[1]: match[2] for match in matches if match}


def torture(cases: int, folder: Path) -> Tally:
    """Check what is installed here against the bounds; in the long form make both environments."""
    tally = Tally()
    lowest = requirements()
    for name, bound in lowest.items():
        tally.case(name, below(name, bound))
    if cases > len(lowest):
        run_tests("lowest", [f"{name}=={bound}" for name, bound in lowest.items()], folder, tally)
        run_tests("newest", [f"{name}>={bound}" for name, bound in lowest.items()], folder, tally)
    return tally


def below(name: str, bound: str) -> str:
    """Say if the version that is installed here is below a bound."""
    installed = importlib.metadata.version(name)
    return f"{installed} is below {bound}" if numbers(installed) < numbers(bound) else ""


def numbers(version: str) -> list[int]:
    """Return the numbers of a version, so that versions can be ordered."""
    return [int(number) for number in re.findall(r"\d+", version)]


def run_tests(which: str, wanted: list[str], folder: Path, tally: Tally) -> None:
    """Install libraries into an environment of their own, and count what the tests say there."""
    venv.create(folder / which, with_pip=True)
    python = folder / which / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "-e", ROOT, *wanted]
    installed = subprocess.run(install, capture_output=True, text=True, check=False)
    tally.case(f"install the {which} versions", installed.stderr[-500:] if installed.returncode else "")
    found = folder / f"{which}.xml"
    tests = [python, "-m", "pytest", "-q", "-m", "not peers and not slow", f"--junitxml={found}"]
    kept = {"NUMBA_CACHE_DIR": str(folder / f"{which}-kernels")}  # each numba compiles its own
    subprocess.run(tests, cwd=ROOT, stdout=sys.stderr, env=os.environ | kept, check=False)
    for test in ElementTree.parse(found).iter("testcase"):
        broken = [child.get("message", "") for child in test if child.tag in ("failure", "error")]
        tally.case(f"{which}: {test.get('classname')} {test.get('name')}", "; ".join(broken))
