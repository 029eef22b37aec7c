"""Draw all figures of a ranking: RUN/screen/figures/NAME.svg, and NAME.csv behind each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crocs_cli.machine import files
from crocs_cli.report import style
from crocs_cli.screen.figures import changes, patterns, tables, truth
from crocs_cli.screen.figures.scene import Figures, Scene
from crocs_cli.screen.rank import Ranking
from crocs_cli.screen.tables import write_table

FIGURES: Figures = {**tables.FIGURES, **patterns.FIGURES, **changes.FIGURES, **truth.FIGURES}


@dataclass(frozen=True)
class Picture:
    """A figure that was drawn: its caption and the SVG element."""

    caption: str
    svg: str


def draw(run: Path, ranking: Ranking) -> Mapping[str, Picture]:
    """Draw and write every figure that the data allow; return them by name."""
    scene, folder, pictures = Scene(run, ranking), run / "screen" / "figures", {}
    for name, (caption, figure) in FIGURES.items():
        with style.styled():
            drawing = figure(scene)
            if drawing is None:
                continue
            svg = style.svg(drawing.figure, f"figure-{name}", f"{caption}. {drawing.alt}")
        files.write_bytes(folder / f"{name}.svg", svg.encode())
        write_table(folder / f"{name}.csv", drawing.columns)
        pictures[name] = Picture(caption, svg)
    return pictures
