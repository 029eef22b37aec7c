"""pandas, polars and xarray open every table and every file that crocs writes in three lines."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr

from crocs_cli import __main__
from crocs_cli.machine import files
from crocs_cli.rundir import columns
from crocs_cli.rundir.layouts import LAYOUTS, PROFILES, RLS
from crocs_cli.rundir.run import Run
from crocs_cli.screen.layouts import LAYOUTS as OF_SCREENING
from crocs_cli.stages import export
from tests.guides import readings
from tests.test_golden import arrays_of, place_of, recipe_of

K = 3
CURRENT = (LAYOUTS | OF_SCREENING).values()


@pytest.mark.parametrize("layout", CURRENT, ids=lambda layout: layout.format)
def test_xarray_opens_every_file_with_named_axes_and_units(tmp_path, layout):
    files.write(tmp_path / "file.h5", layout, arrays_of(layout), recipe_of(layout))
    read = xr.open_dataset(tmp_path / "file.h5", engine="h5netcdf", decode_cf=False)
    assert read.attrs["format"] == layout.format
    for name, (_, axes) in layout.arrays.items():
        named = tuple(axis.removesuffix("_axis") for axis in read[name].dims)
        assert named == tuple(map(str, axes)), name
        expected = arrays_of(layout)[name]
        values = (
            np.char.decode(read[name].values, "utf-8") if expected.dtype.kind == "U" else read[name].values
        )
        assert np.array_equal(values.astype(expected.dtype), expected), name
    xr.open_dataset(tmp_path / "file.h5", engine="h5netcdf").load()  # units decoded


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run of commands whose ids are numbers with leading zeros, with every table."""
    folder = tmp_path_factory.mktemp("other")
    readings(folder / "readings.csv", "2013-06-01", 10)
    run = folder / "run"
    for command in (
        ("ingest", folder / "readings.csv"),
        ("stage1", "--prototypes", 4),
        ("stage2", "--clusters", K),
        ("rrls", "--clusters", K, "--communities", 3),
        ("assign", "--model", run, "--clusters", K),
    ):
        words = [str(word) for word in (command[0], "--run", run, *command[1:])]
        assert __main__.run(words) == 0, words
    return run


IDS = ("consumer_id", "first", "second")
OWN_IDS = {f"{number:013d}" for number in range(24)}


@pytest.mark.parametrize("what", columns.COLUMNS)
def test_pandas_and_polars_open_every_table_with_its_ids(crocs, run, tmp_path, what):
    csv, parquet = tmp_path / "table.csv", tmp_path / "table.parquet"
    for path in (csv, parquet):
        assert crocs("export", "--run", run, "--what", what, path).code == 0
    table = export.table(Run(run), what, None)[0]
    texts = [name for name in IDS if name in export.COLUMNS[what] and what != "dendrogram"]
    for read in (
        pd.read_csv(csv, dtype=dict.fromkeys(texts, str)),
        pd.read_parquet(parquet),
        pl.read_csv(csv, schema_overrides=dict.fromkeys(texts, pl.String)).to_pandas(),
        pl.read_parquet(parquet).to_pandas(),
    ):
        assert list(read.columns) == table.column_names
        assert len(read) == table.num_rows
        for name in texts:
            assert read[name].astype(str).tolist() == table[name].to_pylist()
            assert set(read[name]) <= OWN_IDS
        numbers = [
            f.name for f in table.schema if pa.types.is_floating(f.type) or pa.types.is_integer(f.type)
        ]
        assert numbers
        for name in numbers:
            assert read[name].tolist() == pytest.approx(
                table[name].to_pandas().tolist(), rel=1e-6, nan_ok=True
            )


def test_xarray_has_dates_hours_and_kwh(run):
    days = xr.open_dataset(run / "profiles" / "00000.h5", engine="h5netcdf")
    read = files.read(run / "profiles" / "00000.h5", PROFILES)
    assert days["date"].dtype.kind == "M"
    assert str(days["date"].values[0])[:10] == str(
        dt.date(1970, 1, 1) + dt.timedelta(days=int(read["date"][0]))
    )
    assert days["slot"].values.tolist() == [hour / 2 for hour in range(48)]
    assert days["energy_kwh"].attrs["units"] == "kWh"
    evening = days["energy_kwh"].sel(slot=slice(18, 21)).sum("slot")
    assert evening.values == pytest.approx(read["energy_kwh"][:, 36:43].sum(axis=1))
    assert days["consumer_id"].str.decode("utf-8").values.tolist() == read["consumer_id"].tolist()
    sets = xr.open_dataset(run / "rls" / "00000.h5", engine="h5netcdf")
    assert sets["medoid"].dims == ("prototype", "slot")
    assert sets["medoid"].values.tolist() == files.read(run / "rls" / "00000.h5", RLS)["medoid"].tolist()


def test_weeks_have_no_hours_of_a_day_and_gas_is_no_electricity(crocs, tmp_path):
    call = ("synth", "--run", tmp_path, "--consumers", 5, "--days", 4, "--clusters", 2, "--period", "week")
    assert crocs(*call).code == 0
    weeks = xr.open_dataset(tmp_path / "profiles" / "00000.h5", engine="h5netcdf")
    assert weeks["energy_kwh"].dims == ("day", "slot")
    assert "slot" not in weeks.coords
    assert "units" not in weeks["energy_kwh"].attrs
    assert weeks["date"].dtype.kind == "M"


@pytest.mark.parametrize("layout", CURRENT, ids=lambda layout: layout.format)
def test_a_file_without_names_of_axes_is_read_as_before(layout):
    assert files.read(place_of(layout), layout).keys() == layout.arrays.keys()


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    images = [bytes(files.image_of(layout, arrays_of(layout), recipe_of(layout))) for layout in CURRENT]
    again = [bytes(files.image_of(layout, arrays_of(layout), recipe_of(layout))) for layout in CURRENT]
    assert images == again
