"""The distance of the union of two clusters from a third one, from their squared distances."""

from __future__ import annotations

from crocs_cli.maths.compiled import kernel


@kernel
def union_square(to_first, to_second, between, first, second, other):
    """Return the squared distance of two clusters' union to another cluster (Lance & Williams 1967).

    to_first, to_second, between: squared distances of the two to the other, and between the two;
    first, second, other: how many members each has. In float64.
    """
    return ((first + other) * to_first + (second + other) * to_second - other * between) / (
        first + second + other
    )
