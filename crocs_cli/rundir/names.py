"""Names of files of a run that are no plain shards, and of the columns of its tables."""

from __future__ import annotations

from pathlib import Path


def segment_keys(segments: int) -> list[str]:
    """Return the names of the segments of a partition, padded so that they sort as numbers do: 01, 02 ..."""
    width = max(2, len(str(segments)))
    return [f"{number:0{width}d}" for number in range(1, segments + 1)]


def tile_places(blocks: int) -> list[tuple[int, int]]:
    """Return the tiles (row block, column block) in the order of the work: the larger ones first.

    Those on the diagonal are half the work, so that shares are even when they come last.
    """
    places = [(a, b) for a in range(blocks) for b in range(a, blocks)]
    return sorted(places, key=lambda place: (place[0] == place[1], place))


def tile_key(place: tuple[int, int]) -> str:
    """Return the name of a tile."""
    return f"{place[0]:03d}-{place[1]:03d}"


def slot_columns(slots: int) -> list[str]:
    """Return the names of the slots of a day in tables, such as t0030."""
    minutes = [1440 * slot // slots for slot in range(slots)]
    return [f"t{minute // 60:02d}{minute % 60:02d}" for minute in minutes]


def folders_in(folder: Path) -> list[Path]:
    """Return the folders in a folder, sorted by name; none where there is no such folder."""
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
