"""DTW between profiles: the meaning of the paper at the speed of the vectors."""

import os
import platform
import subprocess
import sys
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from crocs_cli.errors import CrocsError
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.processor import vector_bytes
from crocs_cli.maths.distances.wsmd import SET_DISTANCES as RULES
from crocs_cli.maths.distances.wsmd import nearest_prototypes, set_distances
from tests import naive
from tests.conftest import ROOT

DTYPES = (np.float32, np.float64)

# bands from none to all of the day, and both sides of a vector's edge
SHAPES = [
    (1, 48, 2),
    (2, 48, 2),
    (3, 24, 1),
    (4, 5, 0),
    (9, 96, 4),
    (17, 48, 2),
    (6, 24, 8),
    (6, 24, 9),
    (5, 7, 99),
]


@pytest.mark.parametrize(("number", "slots", "window"), SHAPES)
def test_every_pair_equals_the_naive_recurrence(number, slots, window):
    profiles = np.random.default_rng(number).random((number, slots))
    expected = naive.dtw_matrix(profiles, profiles, window)
    np.testing.assert_allclose(dtw_between(profiles, profiles, window), expected, rtol=1e-12, atol=1e-14)
    between = dtw_between(profiles[: number // 2 + 1], profiles, window, np.float32)
    assert between.dtype == np.float32
    np.testing.assert_allclose(between, expected[: number // 2 + 1], rtol=1e-5, atol=1e-6)


readings = st.floats(-50, 50, allow_subnormal=False, width=32)
profile_lists = st.integers(1, 30).flatmap(
    lambda slots: arrays.arrays(np.float64, (5, slots), elements=readings)
)


@settings(max_examples=40, deadline=None)
@given(profile_lists)
def test_laws_of_dtw(profiles):
    euclidean = np.sqrt(((profiles[:, None] - profiles) ** 2).sum(axis=2))
    narrow, wide = dtw_between(profiles, profiles, 0), dtw_between(profiles, profiles, 2)
    np.testing.assert_allclose(narrow, euclidean, rtol=1e-9, atol=1e-9)
    assert np.all(wide <= narrow)
    assert np.all(np.diag(wide) == 0)
    assert np.array_equal(wide, wide.T)
    backwards = profiles[:, ::-1]
    np.testing.assert_allclose(dtw_between(backwards, backwards, 2), wide, rtol=1e-9, atol=1e-9)


def test_the_value_of_a_pair_does_not_depend_on_its_neighbours():
    profiles = np.random.default_rng(3).random((45, 48))
    whole = dtw_between(profiles, profiles, 2)
    assert np.array_equal(dtw_between(profiles[7:19], profiles[3:], 2), whole[7:19, 3:])
    assert np.array_equal(dtw_between(profiles[44:], profiles[:1], 2), whole[44:, :1])


PRINT_BITS = """
import sys
from numba import extending
if "broken" in sys.argv:
    del extending.intrinsic
from tests.maths.test_dtw import bits_of_all_distances
from crocs_cli.maths.distances.lanes import vector_form
from crocs_cli.maths.distances.processor import vector_bytes
print(vector_bytes(), vector_form() is not None, bits_of_all_distances())
"""


def bits_of_all_distances():
    """Return the digest of DTWs, of the distances by every rule, and of nearest prototypes."""
    random = np.random.default_rng(1)
    offset = np.concatenate([[0], np.cumsum(random.integers(1, 6, 37))])
    profiles = random.random((offset[-1], 48))
    sets = LoadSets(profiles, random.integers(1, 40, offset[-1]), offset)
    found = [dtw_between(profiles, profiles, 2, dtype) for dtype in DTYPES]
    found += [set_distances(sets, sets, distance=rule, window=2, dtype=t) for rule in RULES for t in DTYPES]
    found += nearest_prototypes(sets, sets, 2)
    return sha256(b"".join(np.ascontiguousarray(each).tobytes() for each in found)).hexdigest()


@pytest.mark.parametrize(
    ("machine", "features", "vector"),
    [
        ("generic", "", "16"),
        ("haswell", "+avx,+avx2,+fma", "32"),
        ("haswell", "+avx,+avx2,+fma", "broken"),
    ],
)
def test_every_processor_and_the_plain_form_give_the_same_bits(machine, features, vector, tmp_path):
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("instruction sets of x86")
    if vector_bytes() < 32:
        pytest.skip("a machine without AVX2")
    own = {"NUMBA_CPU_NAME": machine, "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path)}
    code = [sys.executable, "-c", PRINT_BITS, vector]
    ended = subprocess.run(code, env=os.environ | own, cwd=ROOT, capture_output=True, text=True, check=True)
    width, in_vectors, bits = ended.stdout.split()
    assert in_vectors == str(vector != "broken")
    assert ended.stderr.count("the plain form gives the same results") == (vector == "broken")
    assert vector in (width, "broken")
    assert bits == bits_of_all_distances()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e12])
def test_a_missing_or_absurd_reading_is_refused(bad):
    profiles = np.ones((3, 24))
    profiles[1, 5] = bad
    with pytest.raises(CrocsError, match="missing, infinite or beyond"):
        dtw_between(profiles, profiles, 1)


def test_profiles_of_different_lengths_are_refused():
    with pytest.raises(CrocsError, match="24 and 48 slots"):
        dtw_between(np.ones((2, 24)), np.ones((2, 48)), 1)


def test_no_profiles_give_an_empty_matrix():
    none = np.empty((0, 48))
    assert dtw_between(none, none, 2).shape == (0, 0)
    assert dtw_between(none, np.ones((3, 48)), 2).shape == (0, 3)
