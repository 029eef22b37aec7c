"""Our Leiden: its graph, its parts and its laws."""

import numpy as np
import pytest

from crocs_cli.maths.behaviours.leiden import _aggregate, _refine, adjacency, leiden


def planted(vertices=120, targets=12, kinds=3, seed=0):
    """Draw a directed neighbour table whose heavier edges are inside kinds."""
    random = np.random.default_rng(seed)
    kind = np.arange(vertices) % kinds
    target = np.stack(
        [random.choice(np.delete(np.arange(vertices), v), targets, False) for v in range(vertices)]
    )
    weight = np.where(kind[target] == kind[:, None], 1.0, 0.05) * random.uniform(0.5, 1.5, target.shape)
    days = random.integers(1, 9, vertices).astype(np.int32)
    return target.astype(np.int32), weight.astype(np.float32), days, kind


def dense(graph):
    """Return the symmetric matrix of an adjacency."""
    number = len(graph.size)
    matrix = np.zeros((number, number))
    np.add.at(matrix, (np.repeat(np.arange(number), np.diff(graph.offset)), graph.neighbour), graph.weight)
    return matrix


def value(matrix, size, community, resolution):
    """Return the constant Potts model's value over pairs."""
    pairs = np.triu(community[:, None] == community, 1)
    return ((matrix - resolution * size[:, None] * size) * pairs).sum()


def test_both_directions_are_added_up_between_atoms():
    target, weight, days, _ = planted(20, 4)
    atom = (np.arange(20) // 2).astype(np.int32)
    graph = adjacency(target, weight, atom, days)
    expected = np.zeros((10, 10))
    np.add.at(expected, (np.repeat(atom, 4), atom[target.ravel()]), weight.ravel())
    expected += expected.T
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(dense(graph), expected, rtol=1e-6)
    assert graph.size.tolist() == days.reshape(10, 2).sum(axis=1).tolist()


def test_planted_communities_are_found_at_every_seed():
    target, weight, days, kind = planted()
    graph = adjacency(target, weight, np.arange(120, dtype=np.int32), days)
    resolution = weight.sum() / days.sum() ** 2
    for seed in range(10):
        found = leiden(graph, resolution, [seed], 3)
        assert len(np.unique(found)) == 3
        assert len(np.unique(np.stack([found, kind]), axis=1).T) == 3


def test_no_single_move_gains_anything():
    target, weight, days, _ = planted(60, 8, seed=3)
    graph = adjacency(target, weight, np.arange(60, dtype=np.int32), days)
    matrix, resolution = dense(graph), 2.5 * weight.sum() / days.sum() ** 2
    found = leiden(graph, resolution, [1], 10)
    best = value(matrix, graph.size, found, resolution)
    for vertex in range(60):
        for other in [*np.unique(found), found.max() + 1]:
            moved = found.copy()
            moved[vertex] = other
            assert value(matrix, graph.size, moved, resolution) <= best + 1e-3


def test_more_rounds_are_never_worse():
    target, weight, days, _ = planted(100, 6, 5, seed=4)
    graph = adjacency(target, weight, np.arange(100, dtype=np.int32), days)
    matrix, resolution = dense(graph), 2.0 * weight.sum() / days.sum() ** 2
    values = [
        value(matrix, graph.size, leiden(graph, resolution, [2], rounds), resolution) for rounds in range(5)
    ]
    assert values == sorted(values)


def test_an_aggregated_graph_has_the_same_value():
    target, weight, days, _ = planted(50, 6)
    graph = adjacency(target, weight, np.arange(50, dtype=np.int32), days)
    part = (np.arange(50) % 10).astype(np.int32)
    coarse = _aggregate(graph, part, 10)
    expected = np.zeros((10, 10))
    np.add.at(expected, (part[:, None], part), dense(graph))
    np.fill_diagonal(expected, 0.0)
    matrix = dense(coarse)
    np.testing.assert_allclose(matrix, expected, rtol=1e-5)
    assert coarse.size.tolist() == np.bincount(part, days).tolist()


def test_refined_parts_stay_inside_their_community():
    target, weight, days, kind = planted(90, 8, seed=5)
    graph = adjacency(target, weight, np.arange(90, dtype=np.int32), days)
    refined = np.arange(90, dtype=np.int32)
    _refine(
        graph, kind.astype(np.int32), refined, 0.0, np.random.default_rng(0).permutation(90).astype(np.int32)
    )
    assert (kind[refined] == kind).all()
    assert len(np.unique(refined)) < 90


@pytest.mark.parametrize("vertices", [0, 1, 3])
def test_graphs_without_edges_keep_every_vertex_alone(vertices):
    graph = adjacency(
        np.empty((vertices, 0), np.int32), np.empty((vertices, 0), np.float32),
        np.arange(vertices, dtype=np.int32), np.ones(vertices, np.int32),
    )  # fmt: skip
    assert leiden(graph, 1.0, [0], 2).tolist() == list(range(vertices))


def test_edges_of_no_weight_are_no_edges():
    target, weight, days, _ = planted(60, 40)
    cut = weight.copy()
    cut[:, ::2] = 0.0
    vertices = np.arange(60, dtype=np.int32)
    with_zeros = adjacency(target, cut, vertices, days)
    without = adjacency(target[:, 1::2], weight[:, 1::2], vertices, days)
    for ours, theirs in zip(with_zeros, without, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert (leiden(with_zeros, 0.1, [1], 2) == leiden(without, 0.1, [1], 2)).all()
