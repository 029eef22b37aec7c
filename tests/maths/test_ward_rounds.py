"""Ward in place: the hierarchy of fastcluster where nothing is tied, a right one where something is."""

import fastcluster
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.cluster.hierarchy import fcluster, is_valid_linkage
from scipy.spatial.distance import pdist, squareform

from crocs_cli.errors import CrocsError
from crocs_cli.maths.ward import rounds as ward_rounds
from crocs_cli.maths.ward.chain import merge_by_chain
from crocs_cli.maths.ward.neighbours import UNKNOWN, note
from crocs_cli.maths.ward.rounds import ward_in_place

MANY = 500
TOLERANCE = 1e-6  # float32 under the square root, after some twenty rounds


def blobs(random):
    centres = 5 * random.normal(size=(6, 4))
    return pdist(centres[random.integers(0, 6, MANY)] + random.normal(size=(MANY, 4)))


def structureless(random):
    return 1 + random.random(MANY * (MANY - 1) // 2)


def no_metric(random):
    return np.exp(2 * random.normal(size=MANY * (MANY - 1) // 2))


def chain(random):
    """Points whose gaps grow: each one's neighbour is the one before, so a round finds one pair."""
    return pdist((np.arange(MANY) ** 1.5)[random.permutation(MANY), None])


KINDS = [blobs, structureless, no_metric, chain]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threads", [1, 2])
def test_the_hierarchy_is_fastclusters_where_nothing_is_tied(kind, threads):
    condensed = kind(np.random.default_rng(3)).astype(np.float32)
    expected = fastcluster.linkage(condensed.astype(np.float64), "ward")
    merges = ward_in_place(condensed, MANY, threads)
    np.testing.assert_allclose(merges[:, 2], expected[:, 2], rtol=TOLERANCE)
    for clusters in (2, 3, 5, 10, 50, 100):
        assert same_groups(cut(merges, clusters), cut(expected, clusters))


@pytest.mark.parametrize("kind", KINDS)
def test_the_division_of_the_work_changes_nothing(kind, monkeypatch):
    condensed = kind(np.random.default_rng(4)).astype(np.float32)
    whole = ward_in_place(condensed.copy(), MANY, threads=1)
    monkeypatch.setattr(ward_rounds, "BLOCK_PAIRS", 1000)
    np.testing.assert_array_equal(ward_in_place(condensed, MANY, threads=3), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_the_chain_alone_finds_the_same_hierarchy(kind):
    condensed = kind(np.random.default_rng(5)).astype(np.float32)
    expected = fastcluster.linkage(condensed.astype(np.float64), "ward")
    squares, near = condensed**2, np.full(MANY, UNKNOWN)
    for row in range(MANY - 1):
        start = row * MANY - row * (row + 1) // 2
        note(squares[start : start + MANY - row - 1], row, near)
    first, second, heights = merge_by_chain(squares, np.ones(MANY, dtype=np.int64), near, MANY - 1)
    assert (first < second).all()
    np.testing.assert_allclose(np.sort(np.sqrt(heights)), expected[:, 2], rtol=TOLERANCE)


def test_few_pairs_a_round_are_left_to_the_chain(monkeypatch):
    calls = []
    monkeypatch.setattr(
        ward_rounds, "merge_by_chain", lambda *given: calls.append(given[-1]) or merge_by_chain(*given)
    )
    ward_in_place(chain(np.random.default_rng(6)).astype(np.float32), MANY)
    assert calls[0] == MANY // 2


@given(arrays(np.float32, 66, elements=st.sampled_from([0, 1, 2, 3])), st.integers(2, 12))
@settings(max_examples=150, deadline=None)
def test_ties_leave_a_right_hierarchy(values, count):
    condensed = values[: count * (count - 1) // 2].copy()
    merges = ward_in_place(condensed.copy(), count)
    assert is_valid_linkage(merges)
    assert_every_merge_joins_the_nearest(squareform(condensed.astype(np.float64)), merges)


def test_duplicates_come_together_first():
    random = np.random.default_rng(7)
    group = random.integers(0, 20, MANY)
    merges = ward_in_place(pdist(random.normal(size=(20, 3))[group]).astype(np.float32), MANY, threads=2)
    assert (merges[: MANY - 20, 2] == 0).all()
    assert same_groups(cut(merges, 20), group)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 2e19])
def test_what_cannot_be_squared_is_refused(value):
    condensed = np.ones(10, dtype=np.float32)
    condensed[3] = value
    with pytest.raises(CrocsError, match="not a number of 0 to 1e19"):
        ward_in_place(condensed, 5)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_handful_of_consumers_is_no_special_case(count):
    merges = ward_in_place(np.full(count * (count - 1) // 2, 3, dtype=np.float32), count)
    assert merges.tolist() == ([[0, 1, 3, 2]] if count == 2 else [])


def cut(merges, clusters):
    return fcluster(merges, clusters, "maxclust")


def same_groups(first, second):
    """Say whether two labellings make the same groups."""
    pairs = {*zip(first.tolist(), second.tolist(), strict=True)}
    return len(pairs) == len(set(first.tolist())) == len(set(second.tolist()))


def assert_every_merge_joins_the_nearest(distances, merges):
    """Replay the merges on a full matrix: each height is the least of all, up to rounding."""
    count = len(distances)
    squares = {(a, b): distances[a, b] ** 2 for a in range(count) for b in range(count) if a != b}
    members = dict.fromkeys(range(count), 1)
    for node, (one, other, height, size) in enumerate(merges, start=count):
        a, b = int(one), int(other)
        np.testing.assert_allclose(height, np.sqrt(squares[a, b]), rtol=TOLERANCE, atol=TOLERANCE)
        np.testing.assert_allclose(height, np.sqrt(min(squares.values())), rtol=TOLERANCE, atol=TOLERANCE)
        assert members[a] + members[b] == size
        for c in members.keys() - {a, b}:
            total = members[a] + members[b] + members[c]
            joined = (members[a] + members[c]) * squares[a, c] + (members[b] + members[c]) * squares[b, c]
            squares[node, c] = squares[c, node] = (joined - members[c] * squares[a, b]) / total
        members[node] = members.pop(a) + members.pop(b)
        squares = {pair: square for pair, square in squares.items() if not {a, b} & set(pair)}
