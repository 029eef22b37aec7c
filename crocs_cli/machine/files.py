"""Read and write the HDF5 files of a run: whole or not at all, checked both ways."""

from __future__ import annotations

import errno
import glob
import hashlib
import io
import json
import os
import socket
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from crocs_cli import __version__
from crocs_cli.errors import CrocsError, refusal
from crocs_cli.machine.layout import Layout, Offsets

Arrays = dict[str, np.ndarray]
Recipe = dict[str, Any]

CHUNK_BYTES = 1 << 20
OVERHEAD_BYTES = 1 << 16  # what HDF5 adds to arrays, more or less
_NAME_ONE = "name a file that crocs made"
_OPEN_ELSEWHERE = "already open for"  # HDF5 marks a file while a program may write to it
_NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable. %9d"  # netCDF's own words
_OWN_MEANING = "columns"  # key of a recipe that says what its columns mean
_FILE_FORMAT = h5py.h5f.LIBVER_V110  # checksums on HDF5's own structures too; any HDF5 since 1.10 reads it


def digest(recipe: Recipe) -> str:
    """Return a short name for a recipe: equal recipes, equal names."""
    return hashlib.sha256(_canonical(recipe).encode()).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, layout: Layout, arrays: Arrays, recipe: Recipe) -> None:
    """Write one HDF5 file whole: beside its place first, then renamed into it.

    Raises CrocsError when the disk or the rights do not allow it; nothing is left behind then.
    """
    write_bytes(path, image_of(layout, arrays, recipe))


def image_of(layout: Layout, arrays: Arrays, recipe: Recipe) -> memoryview:
    """Return the bytes of an HDF5 file.

    The recipe (command, key, settings, digests of inputs) goes into the attribute `made-by`.
    """
    shaped = _shaped(layout, arrays)
    image = io.BytesIO()
    with _new(image) as file:
        image.seek(OVERHEAD_BYTES + sum(array.nbytes for array in shaped.values()))
        image.write(b"\0")  # full size at once: what grows leaves holes of its size; HDF5 cuts the rest off
        # texts of fixed length lie in the object header, whose checksum finds a changed bit
        file.attrs["format"] = np.bytes_(layout.format)
        file.attrs["format-version"] = layout.version
        file.attrs["made-by"] = np.bytes_(_canonical({"crocs": __version__, **recipe}))
        for name, array in shaped.items():
            if array.size:
                rows = max(1, CHUNK_BYTES // max(1, array.nbytes // len(array)))
                chunk = (min(len(array), rows), *array.shape[1:])
                file.create_dataset(name, data=array, chunks=chunk, fletcher32=True)
            else:
                file.create_dataset(name, data=array)
            file[name].attrs["crc32"] = _crc32(array)  # HDF5's own checksum of zeros is zero
        _name_axes(file, layout, _OWN_MEANING in recipe)
    return image.getbuffer()  # of a closed file: HDF5 1.14 gives an open one a wrong checksum


def _name_axes(file: h5py.File, layout: Layout, own_meaning: bool) -> None:
    """Write the names of axes as dimension scales, and the units of arrays, for xarray and netCDF.

    Nothing of this is read back. Arrays of texts and of dates become coordinates. own_meaning: the columns
    are not what the layout says; of the units, only those of dates are right then.
    """
    scales: dict[str, h5py.Dataset] = {}
    coordinates = []
    for name, (dtype, axes) in layout.arrays.items():
        for place, (axis, length) in enumerate(zip(map(str, axes), file[name].shape, strict=True)):
            if axis not in scales:
                scales[axis] = _scale(file, axis, length, layout, not own_meaning)
            file[name].dims[place].attach_scale(scales[axis])
        unit = layout.units.get(name, "")
        if unit and not (own_meaning and " since " not in unit):
            file[name].attrs["units"] = np.bytes_(unit)
        if dtype == "text" or " since " in unit:
            coordinates.append(name)
    if coordinates:
        file.attrs["coordinates"] = np.bytes_(" ".join(coordinates))


def _scale(file: h5py.File, axis: str, length: int, layout: Layout, spans: bool) -> h5py.Dataset:
    """Write the dimension scale of an axis: where its entries lie, or, as netCDF does, its name only."""
    if not spans or axis not in layout.spans:
        free = f"{axis}_axis" if axis in layout.arrays else axis
        scale = file.create_dataset(free, (length,), np.int8)
        scale.make_scale(_NO_VARIABLE % length)
        return scale
    whole, unit, name = layout.spans[axis]
    scale = file.create_dataset(axis, data=whole * np.arange(length) / max(1, length))
    scale.attrs["units"], scale.attrs["long_name"] = np.bytes_(unit), np.bytes_(name)
    scale.make_scale(axis)
    return scale


def _new(image: io.BytesIO) -> h5py.File:
    """Begin an HDF5 file in memory, without the times that HDF5 1.14 gives it: they change its bytes."""
    access, creation = h5py.h5p.create(h5py.h5p.FILE_ACCESS), h5py.h5p.create(h5py.h5p.FILE_CREATE)
    access.set_libver_bounds(_FILE_FORMAT, _FILE_FORMAT)
    access.set_fileobj_driver(h5py.h5fd.fileobj_driver, image)
    creation.set_obj_track_times(False)
    return h5py.File(h5py.h5f.create(b"image", h5py.h5f.ACC_TRUNC, creation, access))


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write a file in one step, so that no reader and no crash ever sees half of it."""
    beside = path.with_name(f".{path.name}~{socket.gethostname()}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ESTALE) and path.exists():
            return write_bytes(path, content)  # another process was first, and has swept ours away
        with suppress(OSError):
            beside.unlink()
        raise CrocsError(f"{path}: cannot be written ({error.strerror}); mend that and run again") from error
    sweep(path.parent, glob.escape(path.name))


def sweep(folder: Path, names: str = "*") -> None:
    """Remove what lies beside files that are in their place: killed processes left it, on any machine.

    A process that is still at work on the same file writes it once more. A directory that may only be read
    keeps what is there.
    """
    for beside in folder.glob(f".{names}~*.tmp"):
        whole = beside.with_name(beside.name[1:].rpartition("~")[0])
        with suppress(OSError):
            if whole.exists():
                beside.unlink()


def read(path: Path, layout: Layout, names: tuple[str, ...] = ()) -> Arrays:
    """Read the named arrays of a file (all when none is named); text comes as str.

    Raises CrocsError for a missing, cut, damaged or foreign file.
    """
    with _opened(path, layout) as file:
        try:
            found = {name: file[name][()] for name in names or layout.arrays}
            if any(_crc32(array) != file[name].attrs["crc32"] for name, array in found.items()):
                raise ValueError("an array is not what was written")
            return {name: _plain(array, layout.arrays[name][0]) for name, array in found.items()}
        except (OSError, KeyError, RuntimeError, ValueError) as error:
            raise _fault(path, layout, error) from error


def read_recipe(path: Path, layout: Layout) -> Recipe:
    """Read how a file was made, without the version of crocs that made it."""
    recipe = read_made_by(path, layout)
    recipe.pop("crocs", None)
    return recipe


def read_made_by(path: Path, layout: Layout) -> Recipe:
    """Read the whole `made-by` attribute of a file."""
    with _opened(path, layout) as file:
        return json.loads(file.attrs["made-by"])


def layout_of(path: Path, known: Mapping[str, Layout]) -> Layout:
    """Return the layout, of the known ones, that a file says it has."""
    with _opened(path, None, known) as file:
        return known[file.attrs["format"].decode()]


def shapes(path: Path, layout: Layout) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array of a file without reading them."""
    with _opened(path, layout) as file:
        try:
            return {name: file[name].shape for name in layout.arrays}
        except (OSError, KeyError, RuntimeError) as error:
            raise _fault(path, layout, error) from error


def _crc32(array: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _canonical(recipe: Recipe) -> str:
    return json.dumps(recipe, sort_keys=True, separators=(",", ":"), default=str)


def _fault(path: Path, layout: Layout | None, error: Exception) -> CrocsError:
    """Return why a file cannot be read; it is damaged only where bytes were read and are wrong."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return CrocsError(f"{path}: no such file; {f'run `{layout.made_by}` first' if layout else _NAME_ONE}")
    if refused := refusal(error):
        return CrocsError(f"{path}: {refused}")
    cure = layout.cure if layout else _NAME_ONE
    if _OPEN_ELSEWHERE in str(error):
        return CrocsError(
            f"{path}: a program that writes to it is at work or was ended; close it there, or {cure}"
        )
    return CrocsError(f"{path}: not a whole crocs file (cut short, damaged or foreign); {cure}")


@contextmanager
def _opened(
    path: Path, layout: Layout | None, known: Mapping[str, Layout] | None = None
) -> Iterator[h5py.File]:
    """Open a file of the expected layout, or of any known one when none is given."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(h5py.File(path, "r", locking="best-effort"))
            found, version = file.attrs["format"].decode(), int(file.attrs["format-version"])
            json.loads(file.attrs["made-by"])
        except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
            raise _fault(path, layout, error) from error
        expected = layout or (known or {}).get(found)
        if expected is None or found != expected.format:
            wanted = layout.format if layout else "a crocs file"
            raise CrocsError(
                f"{path}: expected {wanted}, found {found}; {layout.cure if layout else _NAME_ONE}"
            )
        if version != expected.version:
            this = f"this crocs reads {f'version {expected.version}' if expected.version else 'none of them'}"
            cure = expected.since or f"use the crocs that made it, or {expected.cure}"
            raise CrocsError(f"{path}: {found} version {version}; {this}: {cure}")
        yield file


def _shaped(layout: Layout, arrays: Arrays) -> Arrays:
    """Check arrays against their layout; a breach is our own mistake, hence ValueError."""
    if arrays.keys() != layout.arrays.keys():
        raise ValueError(f"{layout.format}: arrays differ in {sorted(arrays.keys() ^ layout.arrays.keys())}")
    lengths: dict[str, int] = {}
    shaped = {}
    for name, (dtype, axes) in layout.arrays.items():
        array = _encoded(arrays[name]) if dtype == "text" else np.ascontiguousarray(arrays[name], dtype)
        if array.ndim != len(axes):
            raise ValueError(f"{layout.format}: {name} has {array.ndim} axes, not {axes}")
        for axis, length in zip(axes, array.shape, strict=True):
            base, size = (axis.of, length - 1) if isinstance(axis, Offsets) else (axis, length)
            if lengths.setdefault(base, size) != size:
                raise ValueError(f"{layout.format}: {name} has {size} on axis {base}, not {lengths[base]}")
        shaped[name] = array
    return shaped


def _encoded(texts: np.ndarray) -> np.ndarray:
    encoded = [str(text).encode() for text in texts]
    return np.array(encoded, f"S{max([1, *map(len, encoded)])}")


def _plain(array: np.ndarray, dtype: str) -> np.ndarray:
    if dtype != "text":
        return array
    return np.array([text.decode() for text in array], dtype=np.str_)
