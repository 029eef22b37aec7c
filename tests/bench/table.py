"""The lines of a measurement as a table, and what they were measured on."""

import itertools
import platform
import re
from importlib.metadata import version
from pathlib import Path

from crocs_cli.maths.distances.processor import vector_bytes

PEERS = Path(__file__).parent.parent / "peers.txt"


def line(name, against, ratio, wanted, **facts):
    """Make a line: how many times better than `against`, or as the name says."""
    return {"name": name, "against": against, "ratio": ratio, "wanted": wanted, **facts}


def table(lines):
    """Lay out lines, those of one name together in a row."""
    rows = [("what", "against", "ratio", "wanted", "figures"), ("---",) * 5]
    for name, group in itertools.groupby(lines, key=lambda each: each["name"]):
        columns = {key: [each[key] for each in alike] for alike in [list(group)] for key in alike[0]}
        against, ratio = (" / ".join(map(_short, columns.pop(key))) for key in ("against", "ratio"))
        cells = [against, ratio, _together(columns.pop("wanted"))]
        for key in ("name", "subject", "machine"):
            columns.pop(key, None)
        figures = ", ".join(f"{key.replace('_', ' ')} {_together(each)}" for key, each in columns.items())
        rows.append((name, *cells, figures))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def machine():
    """Say what machine and which versions the figures are of."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [
            row.split(":")[1].strip() for row in information.read_text().splitlines() if "model name" in row
        ]
        model = names[0] if names else model
    versions = [f"{name} {version(name)}" for name in ("numba", "numpy", "fastcluster", "kmedoids")]
    versions += re.findall(r"^((?:aeon|dtaidistance|tslearn)==.+)$", PEERS.read_text(), re.MULTILINE)
    versions = ", ".join(versions).replace("==", " ")
    return f"{model}, {8 * vector_bytes()}-bit vectors; Python {platform.python_version()}, {versions}"


def _together(values):
    shown = list(map(_short, values))
    return shown[0] if len(set(shown)) == 1 else " / ".join(shown)


def _short(value):
    if isinstance(value, list):
        return " / ".join(map(_short, value))
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)
