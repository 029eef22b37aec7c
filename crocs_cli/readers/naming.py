"""The consumer of a file of one meter: the file's name, or what a pattern finds in it or in its title."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from crocs_cli.errors import CrocsError

TITLE = "title:"
_PACKED = (".gz", ".zip")


def file_names(paths: Sequence[Path], pattern: str | None) -> Mapping[Path, str]:
    """Return the consumer that each file stands for: its name without endings, with its folder if need be.

    With a pattern, only files whose names match it have one; titles are looked at when a file is open.
    """
    if pattern:
        found = {} if pattern.startswith(TITLE) else {path: re.search(pattern, path.name) for path in paths}
        return {path: match[1] for path, match in found.items() if match and match[1]}
    stems = {path: _stem(path) for path in paths}
    times = Counter(stems.values())
    return {
        path: stem if times[stem] == 1 else f"{path.absolute().parent.name}/{stem}"
        for path, stem in stems.items()
    }


def file_consumer(path: Path, title: Sequence[str], names: Mapping[Path, str], pattern: str | None) -> str:
    """Return the consumer of a file of one meter; `title` are the lines above its header.

    Raises CrocsError when the pattern finds none, or when two files would be one consumer.
    """
    if pattern and pattern.startswith(TITLE):
        matches = (re.search(pattern.removeprefix(TITLE), line) for line in title)
        name = next((match[1].strip() for match in matches if match and match[1]), "")
        if not name:
            raise CrocsError(f"{path}: ingest.consumer_pattern finds no consumer in the title lines; mend it")
        return name
    if path not in names:
        raise CrocsError(f"{path}: ingest.consumer_pattern finds no consumer in the file's name; mend it")
    if not pattern and list(names.values()).count(names[path]) > 1:
        raise CrocsError(
            f"{path}: another file would be consumer {names[path]!r} too; rename one, or set "
            "ingest.consumer_pattern"
        )
    return names[path]


def _stem(path: Path) -> str:
    """Return a file's name without the endings of its format."""
    name = Path(path.name.removesuffix(path.suffix)) if path.suffix.lower() in _PACKED else Path(path.name)
    return name.stem or path.name
