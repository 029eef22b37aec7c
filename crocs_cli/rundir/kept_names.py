"""The names of a partition's segments, kept in RUN/names/K.json for the tables of every command."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from crocs_cli.errors import CrocsError, refusal
from crocs_cli.machine import files
from crocs_cli.machine.plain import json_bytes


@dataclass(frozen=True)
class Names:
    """The names of all segments of a partition, the largest first, and which of them the user gave."""

    partition: str
    names: list[str]
    given: dict[int, str] = field(default_factory=dict)


def path_of(run: os.PathLike[str], clusters: int) -> Path:
    """Return where the names of a partition's segments lie."""
    return Path(run) / "names" / f"{clusters}.json"


def read(run: os.PathLike[str], clusters: int, partition: str) -> Names | None:
    """Read the names that a run keeps; None where it has none, or those of another partition.

    partition: the digest of how the partition was made. Raises CrocsError for a file that cannot be read.
    """
    path = path_of(run, clusters)
    try:
        kept = json.loads(path.read_bytes())
        found = Names(kept["partition"], kept["names"], {int(n): name for n, name in kept["given"].items()})
        whole = len(found.names) == clusters and all(isinstance(name, str) for name in found.names)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CrocsError(f"{path}: {refusal(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise CrocsError(f"{path}: not a file of segments' names; move it elsewhere and run `crocs report`")
    return found if found.partition == partition else None


def write(run: os.PathLike[str], clusters: int, names: Names) -> None:
    """Write the names of a partition's segments into a run."""
    kept = {
        "partition": names.partition,
        "names": names.names,
        "given": {str(number): name for number, name in sorted(names.given.items())},
    }
    files.write_bytes(path_of(run, clusters), json_bytes(kept))
