"""The full list is divided, what is made is kept, and other settings are refused."""

import os
import signal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crocs_cli.errors import CallError, CrocsError, Stopped
from crocs_cli.machine import files
from crocs_cli.machine.shards import recipe, shard_key, shard_products, shards
from crocs_cli.machine.team import Team, announced_ranks, join
from crocs_cli.machine.work import all_made, bring_up_to_date
from crocs_cli.rundir.layouts import WSMD
from crocs_cli.rundir.names import segment_keys


def products(folder, parts=5, **settings):
    recipes = [recipe("stage2", shard_key(i), settings, {}, parts) for i in range(parts)]
    return shard_products(folder, WSMD, recipes)


def make(product):
    return {"distance": np.full((2, 3), int(product.key), dtype=np.float32)}


@given(st.integers(0, 60), st.integers(1, 12))
def test_shares_cover_every_task_once(tasks, size):
    parts = [Team(rank, size).part(range(tasks)) for rank in range(size)]
    assert sorted(task for part in parts for task in part) == list(range(tasks))


def test_a_second_call_makes_nothing(tmp_path):
    assert bring_up_to_date(products(tmp_path), make, Team(), "test") == 5
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert bring_up_to_date(products(tmp_path), make, Team(), "test") == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_only_what_is_missing_is_made_again(tmp_path):
    bring_up_to_date(products(tmp_path), make, Team(), "test")
    (tmp_path / "00003.h5").unlink()
    assert not all_made(products(tmp_path))
    assert bring_up_to_date(products(tmp_path), make, Team(), "test") == 1
    assert all_made(products(tmp_path))


def test_other_settings_are_refused_and_nothing_is_touched(tmp_path):
    bring_up_to_date(products(tmp_path, k=10), make, Team(), "test")
    with pytest.raises(CrocsError, match=r"00000.h5: made with k 10 \(now 20\); use the same settings"):
        bring_up_to_date(products(tmp_path, k=20), make, Team(), "test")
    assert files.read_recipe(tmp_path / "00000.h5", WSMD)["settings"] == {"k": 10}


def test_a_file_copied_from_another_place_is_refused(tmp_path):
    bring_up_to_date(products(tmp_path), make, Team(), "test")
    (tmp_path / "00001.h5").write_bytes((tmp_path / "00002.h5").read_bytes())
    with pytest.raises(CrocsError, match=r"00001.h5: it is stage2's file 00002, copied from elsewhere"):
        bring_up_to_date(products(tmp_path), make, Team(), "test")
    with pytest.raises(CrocsError, match=r"00001.h5: not of the same run as the others"):
        shards(tmp_path, WSMD)


def test_missing_shards_are_named(tmp_path):
    with pytest.raises(CrocsError, match="nothing there; run `crocs stage2` first"):
        shards(tmp_path, WSMD)
    bring_up_to_date(products(tmp_path), make, Team(0, 2), "test")
    with pytest.raises(CrocsError, match=r"2 of 5 shards missing \(00001, 00003\); run `crocs stage2`"):
        shards(tmp_path, WSMD)


def test_a_signal_ends_after_the_file_in_hand(tmp_path):
    def make_and_be_stopped(product):
        os.kill(os.getpid(), signal.SIGUSR1)
        return make(product)

    with pytest.raises(Stopped, match="finished work is on disk"):
        bring_up_to_date(products(tmp_path), make_and_be_stopped, Team(), "test")
    assert [path.name for path in tmp_path.iterdir()] == ["00000.h5"]


@pytest.mark.parametrize("share", ["4/3", "0/3", "1", "1/0", "-1/3", "a/b", "1/3/5", "9999999999/9999999999"])
def test_impossible_shares_are_wrong_calls(share):
    with pytest.raises(CallError, match=r"a share is I/N with 1 <= I <= N"):
        join(share)


@pytest.mark.parametrize(
    ("environment", "ranks"),
    [
        ({}, 1),
        ({"PMI_SIZE": "4"}, 4),
        ({"OMPI_COMM_WORLD_SIZE": "3"}, 3),
        ({"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "8"}, 8),
        ({"SLURM_NTASKS": "8", "SLURM_STEP_ID": "4294967291x"}, 1),
    ],
)
def test_ranks_are_those_the_launcher_announces(environment, ranks):
    assert announced_ranks(environment) == ranks


@pytest.mark.parametrize(("clusters", "first"), [(1, "01"), (99, "01"), (100, "001"), (1234, "0001")])
def test_names_of_segments_sort_as_their_numbers(clusters, first):
    keys = segment_keys(clusters)
    assert keys[0] == first
    assert keys == sorted(keys)
    assert [int(key) for key in keys] == list(range(1, clusters + 1))
