"""All figures of a ranking: RUN/screen/figures/NAME.png, and NAME.csv behind each."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from crocs_cli.machine import files
from crocs_cli.machine.shards import shards
from crocs_cli.screen.figures import changes, patterns, tables
from crocs_cli.screen.figures.scene import Drawn, Scene
from crocs_cli.screen.layouts import FEATURES, MAP
from crocs_cli.screen.rank import Ranking
from crocs_cli.screen.ranking.model import map_of
from crocs_cli.screen.tables import write_table

DPI = 110


def draw(run: Path, found: Ranking) -> list[str]:
    """Draw every figure that the data allow; return their names."""
    import matplotlib as mpl

    mpl.use("Agg")
    folder = run / "screen"
    maps = {path.stem: map_of(files.read(path, MAP)) for path in sorted((folder / "model").glob("*-*.h5"))}
    paths = [folder / "features" / f"{key}.h5" for key in shards(folder / "features", FEATURES)]
    parts = [files.read(path, FEATURES) for path in paths]
    features = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    scene = Scene(run, found, maps, features)
    rooms = (tables, patterns, changes)
    made = []
    for name, figure in (pair for room in rooms for pair in room.FIGURES.items()):
        if save(folder / "figures", name, figure, scene):
            made.append(name)
    return made


def save(folder: Path, name: str, figure: Callable[[Scene], Drawn | None], scene: Scene) -> bool:
    """Draw one figure and write it with its columns; say whether there was something to draw."""
    import matplotlib.pyplot as plt

    with plt.rc_context({"font.size": 8, "axes.grid": True, "grid.alpha": 0.3, "savefig.bbox": "tight"}):
        drawn = figure(scene)
        if drawn is None:
            return False
        image = io.BytesIO()
        drawn[0].savefig(image, dpi=DPI, metadata={"Software": None})
        plt.close(drawn[0])
    files.write_bytes(folder / f"{name}.png", image.getvalue())
    write_table(folder / f"{name}.csv", drawn[1])
    return True
