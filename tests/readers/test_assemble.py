"""Readings become the same days as in a plain program that follows the words of the design."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crocs_cli.maths.readings.assemble import assemble
from crocs_cli.maths.readings.clock import DAY_S
from crocs_cli.maths.readings.quality import COUNTS
from crocs_cli.maths.readings.rows import ESTIMATED, OFF_GRID, Calendar, Rows, Rule
from tests.readers import naive

DAYS, PER_DAY = 5, 4
reading = st.tuples(
    st.integers(0, 2),  # meter
    st.integers(0, DAYS * PER_DAY - 1),  # interval
    st.sampled_from([1.0, 1.0, 2.0, -0.5, np.nan]),
    st.sampled_from([0, 0, 0, 1, 2]),  # channel
    st.sampled_from([0, 0, 0, ESTIMATED, OFF_GRID]),
)
full_days = st.lists(st.tuples(st.integers(0, 2), st.integers(0, DAYS - 1), st.integers(0, 1)), max_size=8)


def rows_of(readings):
    meter, interval, energy, channel, flags = zip(*readings, strict=True) if readings else ([],) * 5
    flags = np.array(flags, np.uint8)
    return Rows(
        np.array(meter, np.int32),
        np.array(interval, np.int32) + 100 * PER_DAY,
        np.where(flags & OFF_GRID, np.nan, np.array(energy, float)),
        np.array(channel, np.uint8),
        flags,
    )


@settings(max_examples=300, deadline=None)
@given(
    loose=st.lists(reading, max_size=40),
    days=full_days,
    duplicates=st.sampled_from(["first", "last", "mean", "leave_out"]),
    slots=st.sampled_from([2, 4]),
    folds=st.booleans(),
    missing=st.integers(0, 1),
    max_estimated=st.sampled_from([0.0, 0.3, 1.0]),
    verdict=st.lists(st.integers(0, 2), min_size=DAYS, max_size=DAYS),
    length=st.lists(st.sampled_from([24, 24, 18, 30]), min_size=DAYS, max_size=DAYS),
    order=st.randoms(use_true_random=False),
    cut=st.integers(0, 40),
)
def test_days_are_those_of_the_naive_program(
    loose, days, duplicates, slots, folds, missing, max_estimated, verdict, length, order, cut
):
    whole = [(m, d * PER_DAY + i, 1.0 + i, c, 0) for m, d, c in days for i in range(PER_DAY)]
    readings = [*loose, *whole]
    order.shuffle(readings)
    calendar = Calendar(100, np.array(verdict, np.int8), np.array(length) * 3600)
    rule = Rule(PER_DAY, slots, calendar, duplicates, folds, missing, max_estimated)
    rows = rows_of(readings)
    pieces = [rows.take(slice(cut)), rows.take(slice(cut, None))]
    made = assemble(lambda: pieces, 3, rule)
    expected_days, expected_counts = naive.assemble(rows, 3, rule)
    found = {(int(m), int(d)): e for m, d, e in zip(made.meter, made.date, made.energy_kwh, strict=True)}
    assert list(found) == sorted(expected_days)
    for key, energy in expected_days.items():
        np.testing.assert_allclose(found[key], energy, rtol=1e-12)
    for number, name in enumerate(COUNTS):
        assert made.quality[:, number].tolist() == expected_counts[name], name


def test_a_channel_that_begins_later_does_not_cost_the_days_before():
    early = [(0, d * PER_DAY + i, 1.0, 0, 0) for d in range(4) for i in range(PER_DAY)]
    late = [(0, d * PER_DAY + i, 10.0, 1, 0) for d in (1, 3) for i in range(PER_DAY)]
    calendar = Calendar(100, np.zeros(5, np.int8), np.full(5, DAY_S))
    made = assemble(lambda: [rows_of([*early, *late])], 1, Rule(PER_DAY, PER_DAY, calendar))
    assert made.date.tolist() == [100, 101, 103]  # the day between two of the channel's lacks it
    assert made.energy_kwh[:, 0].tolist() == [1.0, 11.0, 11.0]


def test_conflict_names_the_first_two_readings():
    day = [(1, i, 1.0, 0, 0) for i in range(PER_DAY)]
    calendar = Calendar(100, np.zeros(1, np.int8), np.full(1, DAY_S))
    made = assemble(lambda: [rows_of([*day, (1, 2, 3.0, 0, 0)])], 2, Rule(PER_DAY, PER_DAY, calendar))
    assert made.conflict is not None
    assert (made.conflict.meter, made.conflict.interval) == (1, 402)
    assert made.conflict.energies_kwh == pytest.approx((1.0, 3.0))


def test_readings_that_repeat_themselves_take_no_memory():
    piece = rows_of([(0, i % 2, 1.0 + i % 3, 0, 0) for i in range(6000)])
    calendar = Calendar(100, np.zeros(1, np.int8), np.full(1, DAY_S))
    tracemalloc.start()
    made = assemble(lambda: [piece] * 500, 1, Rule(PER_DAY, PER_DAY, calendar, "last"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made.quality[0, COUNTS.index("readings")] == 3_000_000
    assert made.quality[0, COUNTS.index("conflicts")] == 2
    assert made.quality[0, COUNTS.index("duplicates")] == 999_998
    assert peak < 1 << 20
