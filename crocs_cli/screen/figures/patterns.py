"""Figures 11 to 17: maps, elbow, nodes gathered into classes, prototypes, yearly energy."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from crocs_cli.screen.figures.scene import Drawn, Scene
from crocs_cli.screen.patterns.som import neighbour_distance
from crocs_cli.screen.patterns.typical import PatternMap, suggested_classes

COLOURS = ("#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#f0e442", "#999999") * 2
SMALL = "-5x5"


def _pair(scene: Scene, feature: str) -> list[tuple[str, PatternMap]]:
    """The small and the large map of a feature, those that are there."""
    keys = [key for key in scene.maps if key.startswith(f"{feature}-")]
    return [(key, scene.maps[key]) for key in sorted(keys, key=lambda key: not key.endswith(SMALL))][:2]


def _glyphs(axes: Any, found: PatternMap, colours: np.ndarray | None = None) -> None:
    """Draw every node as a small line of its profile at its place; size follows hits, colour the class."""
    places, span = found.lattice.places(), np.ptp(found.nodes) or 1.0
    width = np.linspace(-0.4, 0.4, found.nodes.shape[1])
    height = 0.8 * (found.nodes - found.nodes.min()) / span - 0.4
    top = max(found.hits.max(), 1)
    axes.scatter(
        *places.T,
        s=20 + 160 * found.hits / top,
        c="#dddddd" if colours is None else colours,
        marker="h" if found.lattice.hexagonal else "s",
        alpha=0.8,
    )
    for place, line in zip(places, height, strict=True):
        axes.plot(place[0] + width, place[1] + line, color="black", lw=0.6)
    axes.set_aspect("equal")
    axes.axis("off")


def _node_columns(pairs: list[tuple[str, PatternMap]]) -> dict[str, object]:
    """Nodes of some maps in rows: map, place, class, hits, distance to neighbours."""
    places = np.concatenate([found.lattice.places() for _, found in pairs])
    return {
        "map": np.concatenate([[key] * len(found.nodes) for key, found in pairs]),
        "x": places[:, 0],
        "y": places[:, 1],
        "class": np.concatenate([found.node_class + 1 for _, found in pairs]),
        "hits": np.concatenate([found.hits for _, found in pairs]),
        "neighbour_distance": np.concatenate([neighbour_distance(f.nodes, f.lattice) for _, f in pairs]),
    }


def two_maps(scene: Scene, classes: bool = False) -> Drawn | None:
    """Figures 11 and 14: node profiles of the small and the large week map, coloured by class in 14."""
    import matplotlib.pyplot as plt

    pairs = _pair(scene, "week")
    if not pairs:
        return None
    figure, axes = plt.subplots(1, len(pairs), figsize=(5 * len(pairs), 4.5), squeeze=False)
    for panel, (key, found) in zip(axes[0], pairs, strict=True):
        _glyphs(panel, found, np.array(COLOURS)[found.node_class] if classes else None)
        panel.set_title(key)
    return figure, _node_columns(pairs)


def elbow(scene: Scene) -> Drawn:
    """Figure 12: WCSS by number of classes, with the suggested count."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.5))
    columns: dict[str, object] = {"classes": np.arange(1, 13)}
    for colour, (key, found) in zip(COLOURS, scene.maps.items(), strict=False):
        cost = found.elbow[:, 0] / found.elbow[0, 0]
        axes.plot(np.arange(1, len(cost) + 1), cost, marker="o", ms=3, color=colour, label=key)
        knee = suggested_classes(found.elbow[:, 0])
        axes.plot(knee, cost[knee - 1], marker="s", ms=8, mfc="none", color=colour)
        columns[key] = cost
    axes.set(xlabel="classes", ylabel="WCSS of the nodes, relative", yscale="log")
    axes.legend()
    return figure, columns


def projection(scene: Scene) -> Drawn | None:
    """Figure 13: the week map with profiles and hits, beside its U-matrix."""
    import matplotlib.pyplot as plt

    pairs = _pair(scene, "week")[-1:]
    if not pairs:
        return None
    found = pairs[0][1]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5))
    _glyphs(left, found)
    shade = neighbour_distance(found.nodes, found.lattice)
    points = right.scatter(*found.lattice.places().T, c=shade, cmap="cividis", s=120, marker="h")
    figure.colorbar(points, ax=right, label="distance to neighbours")
    right.set_aspect("equal")
    right.axis("off")
    return figure, _node_columns(pairs)


def prototypes(scene: Scene, feature: str, labels: tuple[str, ...]) -> Drawn | None:
    """Figures 15 and 16: the prototypes with their 10-90 % bands, and the share of each class."""
    import matplotlib.pyplot as plt

    pairs = _pair(scene, feature)[-1:]
    if not pairs:
        return None
    found = pairs[0][1]
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), width_ratios=(3, 1))
    place = np.arange(len(labels))
    for c, colour in zip(range(len(found.prototypes)), COLOURS, strict=False):
        left.plot(place, 100 * found.prototypes[c], color=colour, label=f"class {c + 1}")
        left.fill_between(place, 100 * found.low[c], 100 * found.high[c], color=colour, alpha=0.15)
        right.bar(c + 1, 100 * found.sizes[c] / found.sizes.sum(), color=colour)
    left.set_xticks(place, labels)
    left.set(ylabel="% of the energy", title=f"{found.sizes.sum()} installations")
    left.legend()
    right.set(xlabel="class", ylabel="% of the installations")
    columns: dict[str, object] = {"component": place + 1}
    return figure, columns | {f"class_{c + 1}": row for c, row in enumerate(found.prototypes)}


def yearly_energy(scene: Scene) -> Drawn:
    """Figure 17: the classes of yearly energy of each voltage level, on a log scale."""
    import matplotlib.pyplot as plt

    pairs = [(key, found) for key, found in scene.maps.items() if key.startswith("scale-")]
    figure, axes = plt.subplots(1, len(pairs), figsize=(3.2 * len(pairs), 3), squeeze=False, sharey=True)
    rows: list[tuple[object, ...]] = []
    for panel, (key, found) in zip(axes[0], pairs, strict=True):
        middle, low, high = (10 ** values[:, 0] for values in (found.prototypes, found.low, found.high))
        panel.errorbar(
            np.arange(1, len(middle) + 1), middle, [middle - low, high - middle], fmt="o", color="#0072b2"
        )
        ratio = middle[-1] / middle[0]
        panel.set(yscale="log", xlabel="class", title=f"{key}: last / first {ratio:.0f}")
        rows += [(key, c + 1, middle[c], low[c], high[c], int(found.sizes[c])) for c in range(len(middle))]
    axes[0, 0].set_ylabel("kWh a year")
    names = ("map", "class", "mean_kwh", "p10_kwh", "p90_kwh", "installations")
    return figure, {name: [row[i] for row in rows] for i, name in enumerate(names)}


FIGURES = {
    "11-maps": two_maps,
    "12-elbow": elbow,
    "13-projection": projection,
    "14-nodes-to-classes": partial(two_maps, classes=True),
    "15-week-prototypes": partial(
        prototypes, feature="week", labels=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    ),
    "16-month-prototypes": partial(
        prototypes, feature="month", labels=tuple(str(month) for month in range(1, 13))
    ),
    "17-yearly-energy": yearly_energy,
}
