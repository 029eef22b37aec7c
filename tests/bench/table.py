"""The lines of a measurement as a table, and what they were measured on."""

import platform
import re
from importlib.metadata import version
from pathlib import Path

from crocs_cli.maths.lanes import vector_bytes

PEERS = Path(__file__).parent.parent / "peers.txt"


def line(name, against, ratio, wanted, **facts):
    """Make a line: how many times better than `against` (or as the name says); lists go together."""
    return {"name": name, "against": against, "ratio": ratio, "wanted": wanted, **facts}


def table(lines):
    rows = [("what", "against", "ratio", "wanted", "figures"), ("---",) * 5]
    for each in lines:
        facts = dict(each)
        cells = [_short(facts.pop(key)) for key in ("name", "against", "ratio", "wanted")]
        figures = ", ".join(f"{key.replace('_', ' ')} {_short(value)}" for key, value in facts.items())
        rows.append((*cells, figures))
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


def _short(value):
    if isinstance(value, list):
        return " / ".join(map(_short, value))
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)
