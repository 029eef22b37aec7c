"""The frozen model: maps by feature and scope, quartiles of levels, honest shape distances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from typing import cast

import numpy as np

from crocs_cli.screen.daily.contracts import LEVELS
from crocs_cli.screen.patterns.classify import NONE, Assign, Classes, compare
from crocs_cli.screen.patterns.som import Lattice, Quality
from crocs_cli.screen.patterns.typical import Feature, PatternMap
from crocs_cli.screen.ranking.tags import ShapeScale

FEATURES: tuple[Feature, ...] = ("week", "month", "scale")
ALL = "all"
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Model:
    """A frozen model; `maps` by (feature, scope), scope `all` or a voltage level."""

    maps: Mapping[tuple[str, str], PatternMap]
    first_quartile: np.ndarray
    shape_scale: ShapeScale

    def scope(self, feature: str, level: int) -> str:
        """Return the scope of a level's map: its own, else that of all."""
        name = LEVELS[level]
        return name if (feature, name) in self.maps else ALL

    def compare(
        self, feature: str, level: np.ndarray, before: np.ndarray, after: np.ndarray, assign: Assign
    ) -> Classes:
        """Classify two periods, float64 (installation, component), by the map of each one's level."""
        count = len(level)
        whole = Classes(
            np.full(count, NONE), np.full(count, NONE), *(np.full(count, np.nan) for _ in range(4))
        )
        for number in np.unique(level):
            rows = level == number
            found = compare(
                self.maps[feature, self.scope(feature, number)], before[rows], after[rows], assign
            )
            for field in fields(Classes):
                getattr(whole, field.name)[rows] = getattr(found, field.name)
        return whole

    def month_prototypes(self) -> np.ndarray:
        """Return the month shares of the classes, float64 (class, 12)."""
        own = [found for (feature, _), found in self.maps.items() if feature == "month"]
        return own[0].prototypes


def map_arrays(pattern_map: PatternMap) -> Arrays:
    """Return a map as the arrays of its file."""
    lattice = pattern_map.lattice
    return {
        "lattice": np.array([lattice.rows, lattice.columns, lattice.hexagonal]),
        "quality": np.array(astuple(pattern_map.quality), dtype=np.float64),
        **{name: getattr(pattern_map, name) for name in MAP_ARRAYS},
    }


MAP_ARRAYS = ("nodes", "node_class", "hits", "prototypes", "low", "high", "sizes", "spread", "elbow")


def map_of(arrays: Arrays) -> PatternMap:
    """Return the map of a file's arrays."""
    rows, columns, hexagonal = (int(value) for value in arrays["lattice"])
    measures = dict(zip([field.name for field in fields(Quality)], arrays["quality"].tolist(), strict=True))
    quality = Quality(**{**measures, "empty_nodes": int(measures["empty_nodes"])})
    return PatternMap(
        lattice=Lattice(rows, columns, bool(hexagonal)),
        quality=quality,
        **{name: arrays[name] for name in MAP_ARRAYS},
    )


def model_of(maps: Mapping[str, Arrays], levels: Arrays) -> Model:
    """Return the model of map files, by key `feature-scope`, and of levels.h5."""
    week, month = (cast(tuple[float, float], tuple(map(float, row))) for row in levels["shape_scale"])
    return Model(
        {tuple(key.split("-")): map_of(arrays) for key, arrays in maps.items()},  # type: ignore[misc]
        levels["first_quartile"],
        ShapeScale(week, month),
    )
