"""The prototype graph, its communities and hyperprototypes against their plain definitions."""

from functools import cache, partial

import numpy as np
import pytest

from crocs_cli.maths.behaviours.communities import (
    MOST_STARTS,
    Leiden,
    by_falling_days,
    counted,
    directed,
    quality,
)
from crocs_cli.maths.behaviours.graph import affordable_targets, prototype_graph, sampled_targets
from crocs_cli.maths.behaviours.hyperprototypes import hyperprototypes, medoid_of
from crocs_cli.maths.behaviours.resolution import Trial, attempt, reach
from crocs_cli.maths.distances.loadsets import LoadSets
from tests import naive_graph


def load_sets(sizes, slots=8, seed=0, prototypes=None):
    """Draw load sets with so many prototypes for each consumer."""
    random = np.random.default_rng(seed)
    offset = np.concatenate([[0], np.cumsum(sizes)])
    if prototypes is None:
        prototypes = random.random((offset[-1], slots))
    return LoadSets(prototypes.astype(np.float32), random.integers(1, 9, offset[-1]).astype(np.int32), offset)


def modes(members=30, prototypes=4, kinds=3, noise=0.15, seed=0, slots=24):
    """Draw a cluster whose members share some kinds of day, with noise."""
    random = np.random.default_rng(seed)
    centres = random.random((kinds, slots))
    kind = random.integers(0, kinds, members * prototypes)
    profiles = centres[kind] + random.normal(0, noise, (len(kind), slots))
    return load_sets([prototypes] * members, seed=seed, prototypes=profiles), kind


def plain(members):
    ends = zip(members.offset, members.offset[1:], strict=False)
    return [members.prototypes[first:last].tolist() for first, last in ends]


def whole(members, window):
    return prototype_graph(members, window, len(members) - 1)


def edges_of(graph):
    rows, columns = graph.target.shape
    source = np.repeat(np.arange(rows), columns).tolist()
    ends = zip(source, graph.target.ravel().tolist(), strict=True)
    return dict(zip(ends, graph.weight.ravel(), strict=True))


@pytest.mark.parametrize("window", [0, 2])
def test_the_graph_is_the_naive_one(window):
    members = load_sets([3, 1, 4, 2, 5])
    members.prototypes[[4, 6]] = members.prototypes[0]  # no distance, and equals of which the first counts
    graph = whole(members, window)
    expected = naive_graph.edges(plain(members), window)
    found = edges_of(graph)
    assert found.keys() == expected.keys()
    np.testing.assert_allclose([found[key] for key in expected], list(expected.values()), rtol=1e-5)
    assert graph.edges == 4 * 15


def test_sampled_targets_are_edges_of_the_full_graph_to_different_members():
    members = load_sets(np.random.default_rng(1).integers(1, 6, 60))
    graph, full = prototype_graph(members, 1, targets=20, seed=4), edges_of(whole(members, 1))
    found = edges_of(graph)
    assert len(found) == graph.edges == 20 * len(members.days)
    assert {key: full[key] for key in found} == found
    member = np.repeat(np.arange(60), members.sizes())
    assert all(len(set(member[row])) == 20 for row in graph.target)


def test_every_other_member_is_drawn_equally_often():
    members = load_sets([1] * 40, slots=2)
    drawn = np.zeros((40, 40))
    for seed in range(400):
        np.add.at(drawn, (np.arange(40)[:, None], prototype_graph(members, 0, 8, seed).target), 1)
    assert (np.diag(drawn) == 0).all()
    expected = 400 * 8 / 39
    others = drawn[~np.eye(40, dtype=bool)]
    assert abs(others - expected).max() < 6 * np.sqrt(expected)


def test_a_sample_that_saves_nothing_is_the_full_graph():
    assert [sampled_targets(30, targets) for targets in (5, 14, 15, 99)] == [5, 14, 29, 29]
    assert sampled_targets(1, 5) == 0
    assert [affordable_targets(load_sets([2] * 30), asked) for asked in ("auto", "all", 5)] == [29, 29, 5]
    assert affordable_targets(load_sets([10] * 2300, slots=2), "auto") < 2299


@pytest.mark.parametrize("optimiser", ["compiled", "leidenalg"])
def test_quality_is_the_naive_one_and_leidenalgs(optimiser):
    import leidenalg

    members, _ = modes()
    graph = whole(members, 1)
    leiden = Leiden(graph, "rber", optimiser, seed=1)
    communities = leiden.communities(1.2)
    value = leiden.quality(communities, 1.2)
    naive = naive_graph.rber(edges_of(graph), members.days.tolist(), communities.tolist(), 1.2)
    assert value == pytest.approx(naive)
    reference = directed(graph)
    given = leidenalg.RBERVertexPartition(
        reference, communities.tolist(), weights="weight", node_sizes="days", resolution_parameter=1.2
    )
    assert value == pytest.approx(given.quality(1.2))
    modularity = leidenalg.ModularityVertexPartition(reference, communities.tolist(), weights="weight")
    assert quality(graph, communities, "modularity", 1.0) == pytest.approx(modularity.quality())


def test_the_reference_is_leidenalgs_partition_of_the_naive_graph():
    import igraph
    import leidenalg

    members, _ = modes(members=12)
    edges = naive_graph.edges(plain(members), 1)
    naive = igraph.Graph(n=len(members.days), edges=list(edges), directed=True)
    # the same numbers to the last bit as ours, so that equal seeds take equal paths
    weights = [float(np.float32(weight)) for weight in edges.values()]
    for seed in range(5):
        expected = leidenalg.find_partition(
            naive, leidenalg.RBERVertexPartition, weights=weights, node_sizes=members.days.tolist(),
            resolution_parameter=1.1, seed=seed, n_iterations=-1,
        )  # fmt: skip
        found = Leiden(whole(members, 1), "rber", "leidenalg", seed).communities(1.1)
        assert (found == by_falling_days(np.array(expected.membership), members.days)).all()


@pytest.mark.parametrize("kind", ["rber", "cpm"])
def test_the_fast_optimiser_is_no_worse_than_the_reference(kind):
    for seed in range(20):
        members, _ = modes(members=40 + 5 * seed, kinds=2 + seed % 5, noise=0.3, seed=seed)
        graph = prototype_graph(members, 2, len(members) - 1 if seed % 2 else 20, seed)
        resolution = 0.5 + 0.1 * seed
        if kind == "cpm":
            resolution *= graph.total_weight() / graph.pairs_of_days()
        fast, reference = (
            Leiden(graph, kind, "compiled", seed, MOST_STARTS),
            Leiden(graph, kind, "leidenalg", seed),
        )
        ours = fast.quality(fast.communities(resolution), resolution)
        theirs = reference.quality(reference.communities(resolution), resolution)
        assert ours >= theirs - 0.001 * abs(theirs)


@pytest.mark.parametrize("optimiser", ["compiled", "leidenalg"])
def test_equal_seeds_find_equal_communities(optimiser):
    members, _ = modes(noise=0.5)
    graph = whole(members, 1)
    first, second = (Leiden(graph, "rber", optimiser, 7).communities(2.0) for _ in range(2))
    assert (first == second).all()


def test_members_that_share_their_shapes_exactly_have_one_community_for_each():
    random = np.random.default_rng(2)
    shapes = random.random((4, 24))
    profiles = np.concatenate([shapes[random.permutation(4)] for _ in range(30)])
    members = load_sets([4] * 30, prototypes=profiles)
    leiden = Leiden(whole(members, 2), "rber", "compiled", 1)
    for search in ("bracket", "steps"):
        trials = reach(partial(attempt, leiden, members.days, 0.01), 10, search, 0.85)
        found = hyperprototypes(members, trials[-1].communities, 0.01, 2, seed=1)
        assert found.consumer_coverage.tolist() == [1.0] * 4
        assert found.day_coverage.sum() == pytest.approx(1.0)
        assert sorted(map(tuple, found.medoid)) == sorted(map(tuple, shapes.astype(np.float32)))


def test_outlier_days_leave_the_shared_shapes_their_communities():
    random = np.random.default_rng(3)
    number, outliers = 40, 3
    shapes = random.random((4, 24))
    profiles = [np.concatenate([shapes, random.random((outliers, 24))]) for _ in range(number)]
    members = load_sets([4 + outliers] * number, prototypes=np.concatenate(profiles))
    members = LoadSets(members.prototypes, np.tile([20] * 4 + [1] * outliers, number), members.offset)
    trials = reach(
        partial(attempt, Leiden(whole(members, 2), "rber", "compiled", 1), members.days, 0.01),
        4,
        "bracket",
        0.85,
    )
    communities = trials[-1].communities.reshape(number, -1)
    assert (communities[:, :4] == communities[0, :4]).all()
    assert sorted(communities[0, :4]) == [0, 1, 2, 3]
    assert (communities[:, 4:] > 3).all()
    held = np.bincount(communities.ravel(), members.days) / members.days.sum()
    assert held[4:].max() < 0.01


def test_brackets_come_as_near_the_number_as_steps():
    for seed in range(5):
        members, _ = modes(members=25, kinds=5, noise=0.35, seed=seed)
        leiden = Leiden(whole(members, 2), "rber", "compiled", seed)
        trial = partial(attempt, leiden, members.days, 0.0)
        steps, brackets = (reach(trial, 8, search, 0.85) for search in ("steps", "bracket"))
        assert abs(brackets[-1].count - 8) <= abs(steps[-1].count - 8)
        assert len(brackets) < 25


def by_hand(below):
    """Return trials by a table {resolution: (count, covered) of those below it}, and a list of what is tried.

    Past the table everything falls apart.
    """
    tried = []

    def trial(resolution):
        tried.append(resolution)
        count, covered = next((below[end] for end in sorted(below) if resolution < end), (0, 0.0))
        return Trial(resolution, np.zeros(0, np.int32), count, covered, False)

    return trial, tried


#: at 2, where the bracket ends, ten communities leave out a fifth of the days; at 1.5 they do not
PAST_IT = {1.2: (5, 0.99), 1.4: (8, 0.95), 1.9: (10, 0.9), 2.1: (10, 0.8)}
#: a lapse of the coverage bounds the bracket from above, and hides what lies beyond
A_LAPSE = {1.1: (4, 0.9), 1.21: (5, 0.84), 1.5: (10, 0.86), 3.0: (7, 0.8)}
#: the number jumps, and comes back in a narrow place only
A_JUMP = {1.3: (9, 0.9), 1.5: (11, 0.9), 1.54: (10, 0.9), 9.0: (12, 0.9)}
#: there are no ten; the nearest number, and the least resolution that gives it, is the answer
TOO_FEW = {1.1: (5, 0.95), 1.7: (7, 0.9), 1.9: (9, 0.84)}


@pytest.mark.parametrize(
    ("table", "count"), [(PAST_IT, 10), (A_LAPSE, 10), (A_JUMP, 10), (TOO_FEW, 7), ({1.9: (10, 0.3)}, 10)]
)
def test_a_search_is_not_misled_by_what_is_not_monotone(table, count):
    trial, tried = by_hand(table)
    trials = reach(trial, 10, "bracket", 0.85)
    assert trials[-1].count == count
    assert trials[-1].resolution == min(each.resolution for each in trials if each.count == count)
    assert sorted(each.resolution for each in trials) == sorted(set(tried))
    assert len(tried) <= 95


def test_the_least_total_coverage_decides_what_fell_apart():
    counts = [reach(by_hand(PAST_IT)[0], 10, "bracket", least)[-1].count for least in (0.0, 0.85, 0.92, 0.97)]
    assert counts == [10, 10, 8, 5]


def test_steps_go_on_past_a_trial_that_fell_apart():
    trial, _ = by_hand({0.5: (4, 0.9), 0.6: (5, 0.84), 1.5: (10, 0.86)})
    trials = reach(trial, 10, "steps", 0.85)
    assert (trials[-1].count, trials[-1].resolution) == (10, pytest.approx(0.6))
    trial, tried = by_hand({0.5: (4, 0.9)})
    assert reach(trial, 10, "steps", 0.85)[-1].count == 4
    assert len(tried) < 100


@pytest.mark.parametrize("least", [0.01, 0.02, 0.04])
def test_no_resolution_of_a_fine_scan_is_nearer_to_the_number(least):
    """Resolutions 1 % apart from 0.5 to 16."""
    for seed, noise in ((0, 0.35), (2, 0.3), (3, 0.6)):
        members, _ = modes(members=16 + 3 * seed, kinds=5, noise=noise, seed=seed)
        trial = cache(
            partial(attempt, Leiden(whole(members, 2), "rber", "compiled", seed), members.days, least)
        )
        scan = [trial(2.0 ** (step / 64)) for step in range(-64, 257)]
        for wanted in range(2, 26):
            best = min((each.covered < 0.85, abs(each.count - wanted)) for each in scan)
            taken = reach(trial, wanted, "bracket", 0.85)[-1]
            assert (taken.covered < 0.85, abs(taken.count - wanted)) <= best, (seed, wanted)


def test_a_community_counts_by_the_quotient_of_its_days():
    held = np.array([50.0, 43.0, 7.0])
    assert counted(held, 0.07) == 3, "7 of 100 days are 0.07 of them; 0.07 times 100 is more than 7"
    assert [counted(held, least) for least in (0.0, 0.0701, 0.43, 0.5, 0.51)] == [3, 2, 2, 1, 0]


def test_rounding_decides_neither_the_start_nor_the_medoid(monkeypatch):
    from crocs_cli.maths.behaviours import hyperprototypes as room

    members, _ = modes(noise=0.6)
    starts = [Leiden(whole(members, 1), "rber", seed=7, starts=number) for number in (1, 4)]
    values = iter([1.0, 1.0 - 1e-15, 1.0 + 1e-15, 1.0 + 1e-12])
    monkeypatch.setattr(starts[1], "quality", lambda *_: next(values))
    monkeypatch.setattr(starts[0], "quality", lambda *_: 1.0)
    first, best = (leiden.communities(2.0) for leiden in starts)
    assert (first == best).all()
    monkeypatch.setattr(room, "_sums", lambda *_: np.array([3.0, 2.0 + 4e-16, 2.0]))
    assert medoid_of(np.zeros((3, 4), np.float32), np.ones(3), 1, seed=0) == 1


def test_coverage_and_prototypes_are_the_naive_ones():
    members, kind = modes(members=15, noise=0.3)
    labels = by_falling_days(kind, members.days)
    found = hyperprototypes(members, labels, 0.0, 1, seed=0)
    member = np.repeat(np.arange(15), members.sizes())
    for community in range(3):
        inside = np.flatnonzero(labels == community)
        profiles, days = members.prototypes[inside], members.days[inside]
        medoid = naive_graph.medoid(profiles.tolist(), days.tolist(), 1)
        assert (found.medoid[community] == profiles[medoid]).all()
        mean = (profiles.T * days).sum(axis=1) / days.sum()
        np.testing.assert_allclose(found.mean[community], mean, rtol=1e-5)
        lists = (values.tolist() for values in (member, members.days, labels))
        consumers, covered = naive_graph.coverage(*lists, community)
        assert found.consumer_coverage[community] == pytest.approx(consumers)
        assert found.day_coverage[community] == pytest.approx(covered)
    np.testing.assert_allclose(found.member_coverage.sum(axis=1), 1.0, rtol=1e-6)


def test_small_communities_have_no_hyperprototype():
    members = load_sets([2] * 10)
    labels = by_falling_days(np.array([0] * 19 + [1]), members.days)
    found = hyperprototypes(members, labels, 0.2, 1, seed=0)
    assert found.community.tolist() == [0] * 19 + [-1]
    assert found.medoid.shape == (1, 8)
    assert hyperprototypes(members, np.arange(20), 0.9, 1, seed=0).medoid.shape == (0, 8)


def test_the_medoid_of_many_vertices_is_as_good_as_the_exact_one(monkeypatch):
    random = np.random.default_rng(5)
    profiles = (random.random(12) + random.normal(0, 0.3, (900, 12))).astype(np.float32)
    days = random.integers(1, 30, 900)
    from crocs_cli.maths.behaviours import hyperprototypes as room

    sums = room._sums(profiles, profiles, days, 1)
    monkeypatch.setattr(room, "EXACT_VERTICES", 500)
    monkeypatch.setattr(room, "SAMPLE", 300)
    assert sums[medoid_of(profiles, days, 1, seed=0)] <= 1.002 * sums.min()


@pytest.mark.parametrize("exact", [4096, 5])
def test_the_first_of_equally_central_vertices_is_the_medoid_whatever_the_rounding(exact, monkeypatch):
    from crocs_cli.maths.behaviours import hyperprototypes as room

    monkeypatch.setattr(room, "EXACT_VERTICES", exact)
    monkeypatch.setattr(room, "SHORTLIST", 3)
    sums = np.array([2, 2, 1, 1, 1, 1, 1, 3]) * (1 + np.random.default_rng(0).uniform(-1e-12, 1e-12, 8))
    monkeypatch.setattr(room, "_sums", lambda profiles, *_: sums[profiles[:, 0].astype(int)])
    assert medoid_of(np.arange(8.0)[:, None], np.ones(8, int), 0, seed=0) == 2


def test_a_community_counts_that_holds_exactly_the_least_coverage():
    members = LoadSets(np.eye(2, dtype=np.float32), np.array([93, 7], dtype=np.int32), np.array([0, 1, 2]))
    assert 0.07 * 100 > 7  # by its last bit
    assert len(hyperprototypes(members, np.array([0, 1]), 0.07, 0, seed=0).medoid) == 2


@pytest.mark.parametrize("apart", [0.31 - 0.3, 0.06 - 0.05])
def test_halves_that_differ_by_exactly_the_tolerance_agree(apart, monkeypatch):
    from crocs_cli.maths.behaviours import refined

    members = load_sets([2] * 6)
    graph = prototype_graph(members, 1, 4)
    monkeypatch.setattr(refined, "disagreement", lambda *_: apart)
    sample = refined.enough_targets(
        graph, lambda _: pytest.fail("asked for more"), lambda part: Leiden(part, "rber"), 1.0
    )
    assert sample.graph is graph
