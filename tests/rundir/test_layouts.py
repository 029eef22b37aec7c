"""The specification of the files of a run: the guide says of every array what it holds."""

import pytest

from crocs_cli.rundir.layouts import LAYOUTS


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.format)
def test_every_array_has_a_note(layout):
    assert list(layout.notes) == list(layout.arrays)
    assert all(layout.notes.values())
