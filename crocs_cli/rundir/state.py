"""The state of a product of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MISSING, PARTLY, MADE, STALE = "missing", "partly", "made", "stale"
MOVE = "move it elsewhere"  # in a line that says so, after the path


@dataclass(frozen=True)
class Step:
    """The state of one product: `parts` is 0 while nobody knows how many files it has.

    `missing` names the files; `numbers` says where they stand in the full list, which shares divide. `why`
    says why it is stale. `settings` are those it was made with, by the command `made_by`; `command` makes it.
    """

    name: str
    command: str
    made: int
    parts: int
    missing: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    why: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    made_by: str = ""

    @property
    def state(self) -> str:
        """Whether it is missing, partly made, made, or stale."""
        if self.why:
            return STALE
        if not self.made:
            return MISSING
        return MADE if self.made >= self.parts else PARTLY

    @property
    def in_the_way(self) -> str:
        """The files to move before a stale step can be made again: its file, or all its files."""
        if MOVE not in self.why:
            return ""
        path = Path(self.why.partition(": ")[0])
        return str(path.parent if self.parts > 1 and path.suffix else path)

    def array(self, shares: int) -> str:
        """Return the shares that have something to make, as sbatch's --array wants them; empty if none.

        A step of which nobody knows the parts needs all.
        """
        wanted = {number % shares + 1 for number in self.numbers} if self.parts else range(1, shares + 1)
        runs: list[list[int]] = []
        for share in sorted(wanted):
            if runs and share == runs[-1][1] + 1:
                runs[-1][1] = share
            else:
                runs.append([share, share])
        return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)
