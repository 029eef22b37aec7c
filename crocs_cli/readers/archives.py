"""Open zip archives: each member is a file of its own, named ARCHIVE.zip/MEMBER."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, BinaryIO

from crocs_cli.errors import CrocsError

BadZip = zipfile.BadZipFile
ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_WORKBOOK = "xl/workbook.xml"
_NO_READINGS = ("__MACOSX/",)  # what archive programs add
MOST_MEMBERS = 100_000


def contents(paths: Sequence[Path]) -> list[Path]:
    """Return the files to read, each zip archive replaced by its members in the order of their names.

    Raises CrocsError for an archive that is damaged or empty.
    """
    found: list[Path] = []
    for path in paths:
        found += _members_of(path) if _is_zip(path) else [path]
    return found


def holds_workbook(path: Path, source: Path | BinaryIO) -> bool:
    """Return whether a zip archive, which lies in `source`, is a workbook of Excel (.xlsx)."""
    return _WORKBOOK in _names(path, source).values()


def open_member(path: Path) -> AbstractContextManager[IO[bytes]]:
    """Open a member of a zip archive by its path; raise NotADirectoryError when no archive is above it."""
    archive = next((above for above in path.parents if above.is_file()), None)
    if archive is None or not _is_zip(archive):
        raise NotADirectoryError(20, "not a directory")
    try:
        return zipfile.ZipFile(archive).open(_names(archive)[path])
    except (zipfile.BadZipFile, KeyError) as error:
        raise CrocsError(f"{path}: damaged zip; fetch it again") from error
    except (RuntimeError, NotImplementedError) as error:  # how zipfile says so
        raise CrocsError(f"{path}: locked by a password; unpack the zip and name its files") from error


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in (ZIP, _EMPTY_ZIP)
    except OSError:
        return False


def _members_of(path: Path) -> list[Path]:
    names = _names(path)
    if _WORKBOOK in names.values():
        return [path]
    if not names:
        raise CrocsError(f"{path}: a zip without files; name files with readings")
    return sorted(names)


def _names(path: Path, source: Path | BinaryIO | None = None) -> dict[Path, str]:
    """Return {path: name} of an archive's members, but for folders and what archive programs add.

    `source` holds the archive where it is no file of its own.
    """
    try:
        with zipfile.ZipFile(source or path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise CrocsError(f"{path}: cut short or damaged zip; fetch it again") from error
    if len(members) > MOST_MEMBERS:
        raise CrocsError(f"{path}: a zip of {len(members):,} files; unpack it and name some of them")
    return {
        path / member.filename.lstrip("/"): member.filename
        for member in members
        if not member.is_dir()
        and not member.filename.startswith(_NO_READINGS)
        and not Path(member.filename).name.startswith(".")
    }
