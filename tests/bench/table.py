"""The lines of a measurement as a table, and what they were measured on."""

import platform
from importlib.metadata import version
from pathlib import Path

from crocs_cli.maths.lanes import vector_bytes


def line(name, against, ratio, wanted, **facts):
    """Make a line: how many times better than `against` (or whatever ratio the name says)."""
    return {"name": name, "against": against, "ratio": ratio, "wanted": wanted, **facts}


def table(lines):
    rows = [("what", "against", "ratio", "wanted", "figures")]
    for each in lines:
        facts = {
            key: value for key, value in each.items() if key not in ("name", "against", "ratio", "wanted")
        }
        figures = ", ".join(f"{key.replace('_', ' ')} {_short(value)}" for key, value in facts.items())
        rows.append((each["name"], each["against"], _short(each["ratio"]), each["wanted"], figures))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    )


def machine():
    """Say what machine and which versions the figures are of."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [
            row.split(":")[1].strip() for row in information.read_text().splitlines() if "model name" in row
        ]
        model = names[0] if names else model
    versions = ", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "fastcluster", "kmedoids"))
    return f"{model}, {8 * vector_bytes()}-bit vectors; Python {platform.python_version()}, {versions}"


def _short(value):
    return (
        f"{value:,.3g}"
        if isinstance(value, float) and abs(value) < 1000
        else f"{value:,.0f}"
        if isinstance(value, float)
        else str(value)
    )
