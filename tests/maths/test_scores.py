"""Scores of partitions against the naive twin and an independent program."""

import json
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from crocs_cli.maths.clustering.scores import adjusted_rand, contingency, pair_sets_index, scores
from tests import naive_graph
from tests.conftest import ROOT

PEERS = ROOT / ".venv-peers" / "bin" / "python"

labelings = st.integers(2, 30).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 5), min_size=n, max_size=n) for _ in range(2)])
)


@given(labelings)
def test_psi_is_the_naive_one_and_symmetric(pair):
    first, second = map(np.array, pair)
    value = pair_sets_index(first, second)
    assert value == pytest.approx(naive_graph.pair_sets_index(list(first), list(second)))
    assert value == pytest.approx(pair_sets_index(second, first))
    assert 0.0 <= value <= 1.0


@given(labelings)
def test_ari_and_ami_are_those_of_scikit_learn(pair):
    first, second = map(np.array, pair)
    found = scores(first, second)
    assert found["ari"] == pytest.approx(adjusted_rand_score(first, second), abs=1e-9)
    assert found["ami"] == pytest.approx(adjusted_mutual_info_score(first, second), abs=1e-9)


@pytest.mark.parametrize(("first", "ari"), [([0, 1, 2, 3], 0.0), ([0, 0, 0, 0], 1.0)])
def test_ari_at_its_ends(first, ari):
    assert adjusted_rand(np.array(first), np.zeros(4, int)) == ari
    assert adjusted_rand(np.arange(4), np.arange(4)[::-1]) == 1.0


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.permutations(range(6)))
def test_equal_partitions_score_one_under_any_names(labels, names):
    first = np.array(labels)
    assert scores(first, np.array(names)[first]) == pytest.approx({"ari": 1.0, "ami": 1.0, "psi": 1.0})


def test_contingency_counts_pairs_of_clusters():
    assert contingency(np.array([5, 5, 7]), np.array([-1, 2, 2])).tolist() == [[1, 1], [0, 1]]


@pytest.mark.peers
@pytest.mark.skipif(not PEERS.exists(), reason="no .venv-peers; `make test` sets it up")
def test_psi_is_that_of_genieclust():
    random = np.random.default_rng(3)
    pairs = [(random.integers(0, a, 50), random.integers(0, b, 50)) for a in (2, 5) for b in (2, 4, 9)]
    pairs += [(a, np.where(random.random(50) < 0.8, a, b)) for a, b in pairs if len(set(a)) >= len(set(b))]
    program = (
        "import json, sys; from genieclust.compare_partitions import pair_sets_index as psi;"
        "print(json.dumps([psi(a, b) for a, b in json.load(sys.stdin)]))"
    )
    given_pairs = json.dumps([[a.tolist(), b.tolist()] for a, b in pairs])
    call = [PEERS, "-c", program]
    answer = subprocess.run(call, input=given_pairs, capture_output=True, text=True, check=True)
    ours = [pair_sets_index(a, b) for a, b in pairs]
    np.testing.assert_allclose(ours, json.loads(answer.stdout), atol=1e-12)
