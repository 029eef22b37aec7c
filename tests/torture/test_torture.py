"""The short form of every torture; `make torture` runs the long one."""

import importlib

import pytest

from tests.torture.__main__ import SUBJECTS


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_promise_is_kept(name, tmp_path):
    subject = importlib.import_module(f"tests.torture.{name}")
    tally = subject.torture(subject.SHORT, tmp_path)
    assert tally.cases >= subject.SHORT
    assert not tally.failures
