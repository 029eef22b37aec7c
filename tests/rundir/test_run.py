"""A run that is held sees its files as they are now, and refuses those that do not belong together."""

import os
import shutil

import numpy as np
import pytest

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.rundir.layouts import PARTITION, PROFILES, RLS, RRLS
from crocs_cli.rundir.run import Run
from tests import made_run


@pytest.fixture
def run(tmp_path):
    """Return a run, opened, with a partition that says of which load sets it is."""
    run = Run(made_run.make(tmp_path / "run"))
    for k in (2, 3):
        made_by = run.recipe(run.partition_path(k), PARTITION)
        made_by = made_by | {"inputs": {"rls": run.load_sets().digest()}}
        files.write(run.partition_path(k), PARTITION, files.read(run.partition_path(k), PARTITION), made_by)
    return run


def made_again(path, layout, **settings):
    """Write a file again as if it were made with other settings."""
    made_by = files.read_recipe(path, layout)
    made_by["settings"] |= settings
    files.write(path, layout, files.read(path, layout), made_by)


def test_a_file_that_changed_while_the_run_is_held_is_noticed(run):
    assert len(run.labels(3)[0]) == 60
    assert run.stage1_settings().prototypes == 15
    for key in run.load_sets():
        made_again(run / "rls" / f"{key}.h5", RLS, prototypes=16)
    assert run.stage1_settings().prototypes == 16
    with pytest.raises(CrocsError, match=r"partitions/3\.h5: made from other load sets; move it elsewhere"):
        run.labels(3)


def test_a_file_of_the_same_size_and_time_is_noticed(run):
    path = run / "rls" / "00000.h5"
    before, digest = path.stat(), run.load_sets().digest()
    for key in run.load_sets():
        made_again(run / "rls" / f"{key}.h5", RLS, prototypes=16)
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run.load_sets().digest() != digest
    assert run.load_sets()["00000"]["settings"]["prototypes"] == 16


def test_a_file_that_is_gone_is_noticed(run):
    assert run.partitions() == [2, 3]
    run.partition(3)
    run.partition_path(3).unlink()
    assert run.partitions() == [2]
    with pytest.raises(
        CrocsError, match="no partition into 3 segments, only 2; run `crocs stage2 --clusters 3`"
    ):
        run.partition(3)
    (run / "rls" / "00001.h5").unlink()
    with pytest.raises(CrocsError, match=r"rls: 1 of 3 shards missing \(00001\); run `crocs stage1`"):
        run.load_sets()


def test_how_a_file_was_made_is_read_once_while_it_stays(run, monkeypatch):
    seen, read = [], files.read_recipe

    def watched(path, layout):
        seen.append(path)
        return read(path, layout)

    monkeypatch.setattr(files, "read_recipe", watched)
    fresh = Run(run.path)
    for _ in range(3):
        fresh.labels(3)
        fresh.members(3)
        fresh.behaviours(3, 1)
    assert len(seen) == len(set(seen)) > 4


def test_a_partition_into_another_number_is_refused(run):
    shutil.copyfile(run.partition_path(2), run.partition_path(3))
    with pytest.raises(CrocsError, match=r"partitions/3\.h5: made for another number of segments; move it"):
        run.partition(3)


def test_behaviours_of_another_segment_are_refused(run):
    shutil.copyfile(run.behaviours_path(3, 2), run.behaviours_path(3, 1))
    with pytest.raises(CrocsError, match=r"rrls/3/01\.h5: made for another segment or partition; move it"):
        run.behaviours(3, 1)


def test_load_sets_of_other_profiles_are_refused(run):
    path = run / "rls" / "00000.h5"
    made_by = files.read_recipe(path, RLS)
    profiles = files.digest(files.read_recipe(run / "profiles" / "00000.h5", PROFILES))
    for inputs in ({"profiles": profiles}, {"profiles": "0" * 16}):
        files.write(path, RLS, files.read(path, RLS), made_by | {"inputs": inputs})
        if inputs["profiles"] == profiles:
            run.load_sets()
    with pytest.raises(CrocsError, match=r"rls/00000\.h5: made from other profiles; move it elsewhere"):
        run.load_sets()


def test_the_only_number_in_question_need_not_be_named(run):
    assert run.chosen(2) == 2
    assert run.chosen(None) == 3, "rrls explains that one"
    shutil.rmtree(run / "rrls")
    with pytest.raises(CrocsError, match="partitions into 2, 3 segments are there; name one with --clusters"):
        run.chosen(None)
    run.partition_path(3).unlink()
    assert run.chosen(None) == 2
    run.partition_path(2).unlink()
    with pytest.raises(CrocsError, match="no partition; run `crocs stage2` first"):
        run.chosen(None)


def test_members_are_those_asked_for_in_the_order_of_the_run(run):
    everybody = run.members(3)
    some = everybody.consumer_id[[41, 3, 17]]
    found = run.members(3, some)
    assert found.consumer_id.tolist() == everybody.consumer_id[[3, 17, 41]].tolist()
    for place, consumer in enumerate((3, 17, 41)):
        ours, theirs = (
            sets.prototypes[slice(*sets.offset[at : at + 2])]
            for sets, at in ((found.sets, place), (everybody.sets, consumer))
        )
        assert np.array_equal(ours, theirs)
    behaviours, members = run.explained_members(3, 1)
    assert members.consumer_id.tolist() == behaviours["consumer_id"].tolist()
    with pytest.raises(CrocsError, match="none of the segment's consumers is there"):
        run.members(3, np.array(["nobody"]))


def test_the_settings_of_a_product_come_with_its_seed(run):
    settings, seed = run.made_with(3)
    assert (settings.clusters, seed) == ((3,), 1)
    made_again(run.behaviours_path(3, 1), RRLS, seed=5)
    assert run.rrls_settings(3, 1).clusters == 3
