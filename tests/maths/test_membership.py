"""Which behaviour a prototype shows: what is skipped changes nothing."""

import numpy as np
import pytest

from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.segments.membership import NONE, Membership, shown


def plainly(prototypes, known):
    """Compare every prototype with every known one; the first is nearest on ties."""
    distance = dtw_between(prototypes, known.prototypes.copy(), known.window, np.float32)
    return np.where(distance.min(axis=1) <= known.limit, known.behaviour[distance.argmin(axis=1)], NONE)


@pytest.mark.parametrize("window", [0, 2, 30])
@pytest.mark.parametrize("behaviours", [0, 1, 4])
@pytest.mark.parametrize("seed", range(4))
def test_what_cannot_be_near_is_left_out_and_nothing_else(seed, behaviours, window):
    random = np.random.default_rng(seed)
    centres = random.integers(0, 3, (5, 24)).astype(np.float32)  # few values, so that there are ties
    behaviour = random.integers(NONE, behaviours, 60)
    known = centres[behaviour] + random.integers(0, 2, (60, 24)).astype(np.float32)
    prototypes = centres[random.integers(0, 5, 300)] + random.integers(0, 2, (300, 24)).astype(np.float32)
    distances = np.unique(dtw_between(prototypes, known, window, np.float32))
    limits = [0.0, *distances[:: max(1, len(distances) // 5)].tolist(), np.inf]  # some are just reached
    for limit in limits:
        membership = Membership(known, behaviour, limit, window)
        assert (shown(prototypes, membership) == plainly(prototypes, membership)).all(), limit


def test_nothing_is_shown_by_nobody():
    known = Membership(np.ones((2, 24), np.float32), np.array([0, NONE]), 1.0, 2)
    assert len(shown(np.empty((0, 24), np.float32), known)) == 0
