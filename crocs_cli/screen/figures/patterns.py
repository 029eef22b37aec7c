"""Figures 11 to 17: maps, elbow, classes of nodes, prototypes, yearly energy."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from crocs_cli.report import style
from crocs_cli.report.panels import SHADES, log_axis, panels, shade_bar
from crocs_cli.screen.figures.scene import WEEKDAYS, Drawing, Figures, Scene
from crocs_cli.screen.patterns.som import neighbour_distance
from crocs_cli.screen.patterns.typical import PatternMap, suggested_classes

SMALL = "-5x5"
Named = list[tuple[str, PatternMap]]


def _maps(scene: Scene, feature: str) -> Named:
    """Return the first small and the first large map of a feature, those that are there."""
    pairs = [(key, one) for key, one in scene.maps.items() if key.startswith(f"{feature}-")]
    small = [pair for pair in pairs if pair[0].endswith(SMALL)]
    large = [pair for pair in pairs if not pair[0].endswith(SMALL)]
    return small[:1] + large[:1]


def _colours(classes: np.ndarray) -> list[str]:
    return [style.colour(int(number)) for number in classes]


def _glyphs(axes: Axes, pattern_map: PatternMap, colours: list[str] | None = None) -> None:
    """Draw every node as a small line of its profile at its place; size follows hits, colour the class."""
    places, span = pattern_map.lattice.places(), np.ptp(pattern_map.nodes) or 1.0
    width = np.linspace(-0.4, 0.4, pattern_map.nodes.shape[1])
    height = 0.8 * (pattern_map.nodes - pattern_map.nodes.min()) / span - 0.4
    size = 20 + 160 * pattern_map.hits / max(pattern_map.hits.max(), 1)
    marker = "h" if pattern_map.lattice.hexagonal else "s"
    axes.scatter(places[:, 0], places[:, 1], s=size, c=colours or style.GRID, marker=marker, alpha=0.8, lw=0)
    lines = np.stack([places[:, :1] + width, places[:, 1:] + height], axis=2)
    axes.add_collection(LineCollection(list(lines), colors=style.INK, linewidths=0.6))
    axes.set_aspect("equal")
    axes.axis("off")


def _node_columns(pairs: Named) -> dict[str, object]:
    """Return nodes of some maps in rows: map, place, class, hits, distance to neighbours."""
    places = np.concatenate([found.lattice.places() for _, found in pairs])
    return {
        "map": np.concatenate([[key] * len(found.nodes) for key, found in pairs]),
        "x": places[:, 0],
        "y": places[:, 1],
        "class": np.concatenate([found.node_class + 1 for _, found in pairs]),
        "hits": np.concatenate([found.hits for _, found in pairs]),
        "neighbour_distance": np.concatenate([neighbour_distance(f.nodes, f.lattice) for _, f in pairs]),
    }


def two_maps(scene: Scene, with_classes: bool = False) -> Drawing | None:
    """Draw the node profiles of the small and of the large map of weeks, coloured by class if wanted."""
    pairs = _maps(scene, "week")
    if not pairs:
        return None
    figure, axes = panels([4] * len(pairs), 3.8)
    for panel, (key, found) in zip(axes, pairs, strict=True):
        _glyphs(panel, found, _colours(found.node_class) if with_classes else None)
        panel.set_title(key)
    nodes = " and ".join(f"{len(found.nodes)} nodes of {key}" for key, found in pairs)
    coloured = f", coloured by their {len(pairs[0][1].prototypes)} classes" if with_classes else ""
    return Drawing(figure, f"Week profiles of {nodes}{coloured}.", _node_columns(pairs))


def elbow(scene: Scene) -> Drawing | None:
    """Draw the WCSS by number of classes, with the suggested number."""
    if not scene.maps:
        return None
    figure, (axes,) = panels((6,), 3.5)
    columns: dict[str, object] = {"classes": np.arange(1, len(next(iter(scene.maps.values())).elbow) + 1)}
    knees = []
    for number, (key, found) in enumerate(scene.maps.items()):
        cost, colour = found.elbow[:, 0] / found.elbow[0, 0], style.colour(number)
        axes.plot(np.arange(1, len(cost) + 1), cost, marker="o", ms=3, color=colour, label=key)
        knee = suggested_classes(found.elbow[:, 0])
        axes.plot(knee, cost[knee - 1], marker="s", ms=8, mfc="none", color=colour)
        columns[key] = cost
        knees.append(f"{knee} for {key}")
    log_axis(axes)
    axes.set(xlabel="classes", ylabel="WCSS of the nodes, relative")
    axes.legend()
    return Drawing(figure, f"WCSS by number of classes; its knee is at {', '.join(knees)}.", columns)


def projection(scene: Scene) -> Drawing | None:
    """Draw the map of weeks with profiles and hits, beside its U-matrix."""
    pairs = _maps(scene, "week")[-1:]
    if not pairs:
        return None
    found = pairs[0][1]
    figure, (left, right) = panels((4, 4), 3.6)
    _glyphs(left, found)
    shade = neighbour_distance(found.nodes, found.lattice)
    x, y = found.lattice.places().T
    points = right.scatter(x, y, c=shade, cmap=SHADES, s=120, marker="h")
    shade_bar(figure, right, points, "distance to neighbours")
    right.set_aspect("equal")
    right.axis("off")
    alt = (
        f"Map of week profiles with {found.hits.sum():,} installations; mean distance of nodes to their "
        f"neighbours from {shade.min():.3f} to {shade.max():.3f}."
    )
    return Drawing(figure, alt, _node_columns(pairs))


def prototypes(scene: Scene, feature: str, labels: tuple[str, ...]) -> Drawing | None:
    """Draw the prototypes with their 10-90 % bands, and the share of each class."""
    pairs = _maps(scene, feature)[-1:]
    if not pairs:
        return None
    found = pairs[0][1]
    figure, (left, right) = panels((6, 2.4), 3.2)
    place, numbers = np.arange(len(labels)), np.arange(1, len(found.prototypes) + 1)
    for c, colour in enumerate(_colours(numbers - 1)):
        left.plot(place, 100 * found.prototypes[c], color=colour, label=f"class {c + 1}")
        left.fill_between(place, 100 * found.low[c], 100 * found.high[c], color=colour, alpha=0.15, lw=0)
    shares = 100 * found.sizes / found.sizes.sum()
    right.bar(numbers, shares, color=_colours(numbers - 1))
    left.set_xticks(place, labels)
    left.set(ylabel="% of the energy", title=f"{found.sizes.sum():,} installations")
    left.legend(ncols=2)
    right.set(xlabel="class", ylabel="% of the installations", xticks=numbers)
    words = ", ".join(f"class {n} {share:.0f} %" for n, share in zip(numbers, shares, strict=True))
    columns: dict[str, object] = {"component": place + 1}
    columns |= {f"class_{c + 1}": row for c, row in enumerate(found.prototypes)}
    return Drawing(
        figure, f"Typical {feature} profiles of {found.sizes.sum():,} installations: {words}.", columns
    )


def yearly_energy(scene: Scene) -> Drawing | None:
    """Draw the classes of yearly energy of each voltage level, on a log scale."""
    pairs = [(key, found) for key, found in scene.maps.items() if key.startswith("scale-")]
    if not pairs:
        return None
    figure, axes = panels([2.7] * len(pairs), 3)
    rows: list[tuple[object, ...]] = []
    for panel, (key, found) in zip(axes, pairs, strict=True):
        middle, low, high = (10 ** values[:, 0] for values in (found.prototypes, found.low, found.high))
        numbers = np.arange(1, len(middle) + 1)
        panel.errorbar(numbers, middle, [middle - low, high - middle], fmt="o", color=style.ACCENT)
        log_axis(panel)
        panel.set(xlabel="class", ylabel="kWh a year", title=key, xticks=numbers)
        rows += zip([key] * len(middle), numbers, middle, low, high, found.sizes.tolist(), strict=True)
    names = ("map", "class", "mean_kwh", "p10_kwh", "p90_kwh", "installations")
    columns: dict[str, object] = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    words = "; ".join(
        f"{key} from {10 ** found.prototypes[0, 0]:,.0f} to {10 ** found.prototypes[-1, 0]:,.0f}"
        for key, found in pairs
    )
    return Drawing(figure, f"Yearly energy of the classes, kWh: {words}.", columns)


MONTHS = tuple(str(month) for month in range(1, 13))
FIGURES: Figures = {
    "11-maps": ("Week profiles of the nodes of two maps", two_maps),
    "12-elbow": ("How many classes", elbow),
    "13-projection": ("The map of weeks and the distances between its nodes", projection),
    "14-nodes-to-classes": ("Nodes gathered into classes", partial(two_maps, with_classes=True)),
    "15-week-prototypes": ("Typical weeks", partial(prototypes, feature="week", labels=WEEKDAYS)),
    "16-month-prototypes": ("Typical years", partial(prototypes, feature="month", labels=MONTHS)),
    "17-yearly-energy": ("Classes of yearly energy", yearly_energy),
}
