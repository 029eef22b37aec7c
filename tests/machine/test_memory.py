"""What limits a process's memory is found, and what does not fit is refused before it starts."""

import errno
import resource

import psutil
import pytest

from crocs_cli.errors import CrocsError
from crocs_cli.machine import memory
from crocs_cli.machine.memory import GIB, Needs, available_bytes, group_limits, require, said
from crocs_cli.rundir import memory as needed

STAT = "anon 100\nactive_file 250\ninactive_file 50\n"


def group(folder, limit, used, names=("memory.max", "memory.current")):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in zip((*names, "memory.stat"), (limit, used, STAT), strict=True):
        (folder / name).write_text(f"{text}\n" if name != "memory.stat" else text)


def test_the_groups_around_a_process_limit_it_and_cached_files_count_as_free(tmp_path):
    group(tmp_path / "root" / "job", 1000, 700)
    group(tmp_path / "root" / "job" / "step", "max", 600)
    group(tmp_path / "root" / "other", 1, 1)
    (tmp_path / "own").write_text("0::/job/step\n")
    assert list(group_limits(tmp_path / "root", tmp_path / "own")) == [1000 - 700 + 300]


def test_the_older_groups_are_read_where_memory_is_mounted(tmp_path):
    group(tmp_path / "memory" / "job", 900, 500, ("memory.limit_in_bytes", "memory.usage_in_bytes"))
    (tmp_path / "own").write_text("5:cpu,cpuacct:/elsewhere\n4:memory:/job\n1:name=systemd:/job\n")
    assert list(group_limits(tmp_path, tmp_path / "own")) == [900 - 500 + 300]


def test_a_group_whose_place_is_hidden_from_a_container_is_found_at_the_top(tmp_path):
    group(tmp_path, 2000, 500)
    (tmp_path / "own").write_text("0::/../host/job\n")
    assert 2000 - 500 + 300 in list(group_limits(tmp_path, tmp_path / "own"))


def test_what_slurm_gives_is_less_what_the_process_holds(monkeypatch):
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "1024")
    assert available_bytes() < GIB
    monkeypatch.delenv("SLURM_MEM_PER_NODE")
    monkeypatch.setenv("SLURM_MEM_PER_CPU", "512")
    monkeypatch.setenv("SLURM_CPUS_ON_NODE", "2")
    assert available_bytes() < GIB


def test_what_is_held_already_is_part_of_what_a_stage_needs(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 0)
    monkeypatch.setattr(memory, "held_bytes", lambda: memory.Held(300 << 20, GIB))
    require(Needs(1 << 20, "buy more"), "a small stage")
    with pytest.raises(
        CrocsError, match=r"a large stage: needs 4\.0 GB of memory, 300 MB are free; buy more"
    ):
        require(Needs(GIB, "buy more"), "a large stage", processes=4)


def test_what_a_process_holds_is_within_what_it_has_addresses_for_and_its_peak():
    held, peak = memory.held_bytes(), memory.peak_bytes()
    assert 10 << 20 < held.resident <= held.addressed
    assert held.resident < 2 * peak
    assert peak < 1 << 40


@pytest.fixture
def no_proc(monkeypatch):
    """Have psutil fail as it does on Linux without /proc, and nothing else say anything."""

    def missing(*_):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "/proc/meminfo")

    monkeypatch.setattr(psutil, "virtual_memory", missing)
    monkeypatch.setattr(psutil, "Process", missing)
    monkeypatch.setattr(memory, "GROUPS", memory.Path("/nowhere"))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    for name in ("SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU"):
        monkeypatch.delenv(name, raising=False)


def test_memory_that_is_not_known_refuses_nothing(no_proc, caplog):
    caplog.set_level("INFO", "crocs")
    assert available_bytes() is None
    require(Needs(GIB << 10, "buy more"), "a large stage")
    assert caplog.messages == [
        "a large stage: takes up to 1024.0 GB of memory; how much is free is not known"
    ]


def test_a_plan_asks_for_memory_that_is_not_known(no_proc, crocs, tmp_path):
    ended = crocs("plan", "--run", tmp_path, "--consumers", 100)
    assert (ended.code, ended.err) == (
        1,
        "crocs: plan: this system does not say how much memory is free; give --memory-gb\n",
    )


def test_what_slurm_gives_is_known_without_proc(no_proc, monkeypatch):
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "1024")
    assert available_bytes() == GIB


def test_without_proc_the_top_group_is_asked(tmp_path):
    group(tmp_path, 1000, 700)
    assert list(group_limits(tmp_path, tmp_path / "no proc")) == [1000 - 700 + 300]


def test_bytes_are_said_as_people_do():
    assert (said(300 << 20), said(3 * GIB // 2)) == ("300 MB", "1.5 GB")


@pytest.mark.parametrize("algorithm", ["ward", "kmedoids"])
def test_eighty_thousand_fit_fifteen_gigabytes(algorithm):
    sets = needed.load_sets(80_000 * 10, 48)
    assert 12.8e9 < needed.partition(80_000, algorithm, sets) < 14e9


def test_small_populations_do_not_take_a_whole_tile():
    small, large = (needed.distances(m, 10 * m, 48) for m in (100, 80_000))
    assert small - needed.STAGE2 < 1 << 20
    assert large - small > 3 * 4 * 4096**2


def test_behaviours_of_a_large_cluster_are_made_of_as_many_targets_as_are_affordable():
    assert needed.most_targets(100, 1000, "auto") == 99
    assert needed.most_targets(100_000, 1_000_000, "auto") == 64
    assert needed.most_targets(20_000, 100_000, "auto") == 256
    assert needed.most_targets(20_000, 100_000, 10) == 10
    assert needed.most_targets(20_000, 100_000, "all") == 19_999
