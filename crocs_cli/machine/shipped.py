"""Find the folders that come with crocs beside its code: settings files to begin with, and Slurm files."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent.parent


def shipped(name: str) -> Path:
    """Return a folder such as `configs`: inside the package of a wheel, beside the package in a clone."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name
