"""What the system refuses has the same words and the same cure wherever a file is read."""

import errno
import functools
import os
from pathlib import Path

import pyarrow.parquet
import pytest

from crocs_cli import __main__
from crocs_cli.errors import CrocsError
from crocs_cli.machine.shards import listed
from crocs_cli.readers.parquet_file import open_parquet
from crocs_cli.readers.text import blocks
from crocs_cli.rundir.ids import read_ids
from crocs_cli.stages.ingest import digest
from crocs_cli.stages.quality import read_table

READERS = {
    "text": lambda path: list(blocks(path)),
    "parquet": lambda path: open_parquet(path, None),
    "digest": digest,
    "ids": read_ids,
    "quality": functools.partial(read_table, mean="mean_daily_kwh"),
    "folder": lambda path: listed(path.parent),
}
SAID = {
    errno.EIO: "its disk did not give its bytes (input/output error); look after the disk and run again",
    errno.ESTALE: "another machine moved or replaced it meanwhile; run again",
    errno.EMFILE: "this process may not open more files; raise `ulimit -n` and run again",
    errno.EACCES: "no permission to read it; change its rights",
}


@pytest.mark.parametrize("number", SAID, ids=errno.errorcode.get)
@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_the_system_does_not_give_is_no_damaged_file(tmp_path, monkeypatch, reader, number):
    def refused(*_, **__):
        raise OSError(number, os.strerror(number))

    for owner, name in ((Path, "open"), (Path, "iterdir"), (pyarrow.parquet, "read_schema")):
        monkeypatch.setattr(owner, name, refused)
    path = tmp_path / "file"
    with pytest.raises(CrocsError) as told:
        READERS[reader](path)
    assert str(told.value) == f"{tmp_path if reader == 'folder' else path}: {SAID[number]}"


def test_a_want_of_pipes_has_a_cure_too(crocs, monkeypatch):
    def refused(*_, **__):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(__main__.cli, "main", refused)
    assert crocs("status") == (1, "", f"crocs: {SAID[errno.EMFILE]}\n")
