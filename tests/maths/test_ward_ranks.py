"""Ward over ranks: the same bits as on one machine, for any number of ranks."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import squareform

from crocs_cli.errors import CrocsError
from crocs_cli.maths.ward import ranks as ward_ranks
from crocs_cli.maths.ward.ranks import own_rows, ward_over_ranks
from crocs_cli.maths.ward.rounds import ward_in_place
from tests.maths.test_ward_rounds import KINDS, MANY


class ThreadRanks:
    """Ranks that are threads of this process and meet at a barrier."""

    def __init__(self, rank, size, barrier, desk):
        self.rank, self.size, self._barrier, self._desk = rank, size, barrier, desk

    def gather(self, part):
        return self._all(part)

    def exchange(self, parts):
        return [theirs[self.rank] for theirs in self._all([part.copy() for part in parts])]

    def _all(self, mine):
        self._desk[self.rank] = mine
        self._barrier.wait(60)
        found = list(self._desk)
        self._barrier.wait(60)
        return found


def over_ranks(condensed, count, size):
    """Return what each of `size` ranks finds, or raises."""
    square, barrier, desk, found = (
        squareform(condensed),
        threading.Barrier(size),
        [None] * size,
        [None] * size,
    )

    def work(rank):
        rows = square[list(own_rows(count, rank, size))].astype(np.float32)
        try:
            found[rank] = ward_over_ranks(rows, ThreadRanks(rank, size, barrier, desk))
        except CrocsError as error:
            found[rank] = error

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_ranks_find_the_bits_of_one_machine(kind, size, monkeypatch):
    monkeypatch.setattr(ward_ranks, "BATCH_BYTES", 20 * 4 * MANY)  # several batches a round
    condensed = kind(np.random.default_rng(8)).astype(np.float32)
    found = over_ranks(condensed, MANY, size)
    alone = ward_in_place(condensed, MANY)
    for merges in found:
        np.testing.assert_array_equal(merges, alone)


@given(arrays(np.float32, 66, elements=st.sampled_from([0, 1, 2, 3])), st.integers(2, 12), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_ties_are_broken_alike_everywhere(values, count, size):
    condensed = values[: count * (count - 1) // 2].copy()
    for merges in over_ranks(condensed, count, size):
        np.testing.assert_array_equal(merges, ward_in_place(condensed.copy(), count))


def test_all_ranks_refuse_what_one_cannot_square():
    condensed = np.ones(45, dtype=np.float32)
    condensed[44] = np.nan  # in the rows of the last rank only
    for error in over_ranks(condensed, 10, 3):
        assert isinstance(error, CrocsError)
