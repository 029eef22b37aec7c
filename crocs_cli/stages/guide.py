"""Find and read the guides, Markdown pages that come with crocs."""

from __future__ import annotations

from pathlib import Path

from crocs_cli.errors import CallError
from crocs_cli.machine.settings import nearest

FOLDER = Path(__file__).parent.parent / "docs"
FIRST = ("tutorial", "formats", "settings", "report", "choosing", "tables")  # the others follow by name
PURPOSE_LINE = 2  # after the title and an empty line


def topics() -> list[str]:
    """Return the topics that there are guides on, those for beginners first."""
    found = sorted(path.stem for path in FOLDER.glob("*.md"))
    return sorted(found, key=lambda topic: FIRST.index(topic) if topic in FIRST else len(FIRST))


def listed() -> list[str]:
    """Return one line for each topic: its name and what its page answers."""
    pages = {topic: read(topic).splitlines() for topic in topics()}
    width = max(map(len, pages))
    return [f"{topic:{width}}  {lines[PURPOSE_LINE]}" for topic, lines in pages.items()]


def read(topic: str) -> str:
    """Return the page on a topic without its comments; raise CallError for a topic that has none."""
    if topic not in topics():
        raise CallError(f"{topic}: no such guide{nearest(topic, topics())}")
    lines = (FOLDER / f"{topic}.md").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("<!--"))
