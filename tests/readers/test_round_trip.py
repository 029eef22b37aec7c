"""However a table is written, the same readings give the same days."""

import csv
import datetime as dt
import gzip
import io
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crocs_cli.maths.readings.assemble import assemble
from crocs_cli.maths.readings.clock import day_lengths_s, lost_spans_s
from crocs_cli.maths.readings.rows import Calendar, Rows
from crocs_cli.readers.archives import contents
from crocs_cli.readers.formats import format_of
from crocs_cli.readers.intake import Intake
from crocs_cli.rundir.settings import IngestSettings
from crocs_cli.stages.reading import by_the_reader, dialect, grid, rule

ZONE = "Europe/Madrid"
CONSUMERS = ("Zoë 1", "Núñez 2")
DAYS, HOURS = 3, 24
SIGNS = [(".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", "'"), (",", "\u00a0")]
FIRST = dt.datetime(2024, 6, 3)


def days_of(paths, **given_settings):
    """Return {consumer: energies (days, slots)} of files."""
    files = contents(paths)
    chosen = by_the_reader(IngestSettings(**given_settings), files[0])
    meant = grid(chosen)
    intake = Intake(format_of(chosen.reader), dialect(chosen, files), meant)
    pieces = []
    for path in files:
        for rows, numbers in intake.rows(path):
            pieces.append(Rows(numbers[rows.meter], *rows.columns()[1:]))
    intake.check()
    span = intake.seen.first_day, intake.seen.days, meant.timezone
    verdict = np.zeros(intake.seen.days, np.int8)
    calendar = Calendar(span[0], verdict, day_lengths_s(*span), lost_spans_s(*span))
    made = assemble(lambda: pieces, len(intake.ids), rule(chosen, meant, calendar))
    assert made.conflict is None
    return {name: made.energy_kwh[made.meter == number] for number, name in enumerate(intake.ids)}


CLOCKS = {  # name: (columns of a stamp, settings)
    "iso": (lambda s, e: [f"{s:%Y-%m-%d %H:%M}"], {}),
    "iso with seconds and blanks": (lambda s, e: [f" {s:%Y-%m-%dT%H:%M:%S} "], {}),
    "offset": (lambda s, e: [aware(s).isoformat()], {}),
    "offset of UTC, mixed": (
        lambda s, e: [f"{utc(s):%Y-%m-%dT%H:%MZ}" if s.hour % 2 else f"{s:%Y-%m-%dT%H:%M}"],
        {},
    ),
    "own form": (lambda s, e: [f"{s:%d/%m/%Y %H:%M}"], {"stamp_format": "%d/%m/%Y %H:%M"}),
    "form and offset": (lambda s, e: [f"{aware(s):%d.%m.%y %H:%M%z}"], {"stamp_format": "%d.%m.%y %H:%M%z"}),
    "half days": (lambda s, e: [f"{s:%m/%d/%Y %I:%M %p}"], {"stamp_format": "%m/%d/%Y %I:%M %p"}),
    "epoch": (lambda s, e: [f"{aware(s).timestamp():.0f}"], {"stamp_format": "epoch-s"}),
    "thousandths": (lambda s, e: [f"{aware(s).timestamp():.0f}000"], {"stamp_format": "epoch-ms"}),
    "%s": (lambda s, e: [f"{aware(s).timestamp():.0f}"], {"stamp_format": "%s"}),
    "ends": (lambda s, e: [f"{e:%Y-%m-%d %H:%M}"], {"stamp": "end"}),
    "ends at 24:00": (lambda s, e: [f"{s:%Y-%m-%d} {s.hour + 1:02d}:00"], {"stamp": "end"}),
    "ends a second early": (lambda s, e: [f"{s:%Y-%m-%d %H}:59:59"], {"stamp": "end"}),
    "ends a minute early": (lambda s, e: [f"{s:%Y-%m-%d %H}:59"], {"stamp": "end"}),
    "some seconds late": (lambda s, e: [f"{s:%Y-%m-%d %H:%M}:0{s.hour % 4}"], {}),
    "date and time": (lambda s, e: [f"{s:%H:%M}", f"{s:%Y-%m-%d}"], {"columns": {"date": "day"}}),
    "date and bare hour": (lambda s, e: [str(s.hour), f"{s:%Y-%m-%d}"], {"columns": {"date": "day"}}),
    "number of the hour": (
        lambda s, e: [f"{s:%d/%m/%Y}", str(s.hour + 1)],
        {"columns": {"hour": "day"}, "stamp_format": "%d/%m/%Y"},
    ),
}  # fmt: skip


def aware(stamp):
    return stamp.replace(tzinfo=ZoneInfo(ZONE))


def utc(stamp):
    return aware(stamp).astimezone(dt.UTC)


def written(number, decimal, thousands):
    """Write a number of thousandths as people do."""
    whole, rest = divmod(abs(number), 1000)
    return ("-" if number < 0 else "") + f"{whole:,}".replace(",", thousands) + f"{decimal}{rest:03d}"


def packed(path, rows, style):
    """Write rows as a file of a kind; return its path."""
    text = io.StringIO()
    csv.writer(text, delimiter=style["separator"], lineterminator=style["ends"]).writerows(rows)
    content = text.getvalue().encode(style["encoding"])
    kind = style["container"]
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path := path.with_suffix(".xlsx"))
    elif kind == "parquet":
        columns = list(zip(*rows[1:], strict=True))
        parquet.write_table(
            pa.table(dict(zip(rows[0], columns, strict=True))), path := path.with_suffix(".parquet")
        )
    elif kind == "zip":
        with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path.name, content)
        path = path.with_suffix(".zip")
    else:
        path = path.with_suffix(".csv.gz") if kind == "gzip" else path
        path.write_bytes(gzip.compress(content) if kind == "gzip" else content)
    return path


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    clock=st.sampled_from(sorted(CLOCKS)),
    signs=st.sampled_from(SIGNS),
    separator=st.sampled_from(";,\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"]),
    container=st.sampled_from(["plain", "plain", "gzip", "zip", "xlsx", "parquet"]),
    ends=st.sampled_from(["\n", "\r\n"]),
    titles=st.integers(0, 3),
    header=st.booleans(),
    directions=st.booleans(),
    from_name=st.booleans(),
    seed=st.integers(0, 2**32),
)  # fmt: skip
def test_tables_written_in_any_way_give_the_same_days(
    tmp_path_factory, clock, signs, separator, encoding, container, ends, titles, header, directions,
    from_name, seed,
):  # fmt: skip
    folder = tmp_path_factory.mktemp("round")
    draw = np.random.default_rng(seed)
    into = draw.integers(0, 3_000_000, (2, DAYS, HOURS))
    out = draw.integers(0, 3_000_000, (2, DAYS, HOURS)) * directions
    of_stamp, also = CLOCKS[clock]
    decimal, thousands = signs
    if container == "parquet":
        titles, header = 0, True
    columns = {**also.get("columns", {})}
    fields = ["time", "day"][: 1 + bool(columns)]
    heads = [*(() if from_name else ("id",)), *fields, "kwh", *(("way",) if directions else ())]
    style = {"separator": separator, "encoding": encoding, "container": container, "ends": ends}
    if not header:
        names = {head: f"c{number}" for number, head in enumerate(heads, 1)}
        columns = {key: names[value] for key, value in columns.items()} | {
            "time": names["time"],
            "energy": names["kwh"],
            "consumer": names.get("id", "id"),
        }
    if directions:
        columns["direction"] = "way" if header else names["way"]
    given_settings = {
        **also,
        "columns": {key: value for key, value in columns.items() if key != "consumer" or not from_name},
        "timezone": ZONE,
        "interval": 60,
        "decimal": decimal,
        "thousands": thousands.replace("\u00a0", " "),
        "header": header,
        "kind": "energy",
        "title_lines": titles if not header else "auto",
        "direction": {"in": "add", "out": "subtract"} if directions else {},
    }
    rows = {name: [] for name in CONSUMERS}
    for number, name in enumerate(CONSUMERS):
        for hour in range(DAYS * HOURS):
            start = FIRST + dt.timedelta(hours=hour)
            stamp = of_stamp(start, start + dt.timedelta(hours=1))
            owner = [] if from_name else [name]
            for way, values in (("in", into), ("out", out))[: 1 + directions]:
                value = written(int(values[number].flat[hour]), decimal, thousands)
                rows[name].append([*owner, *stamp, value, *([way] if directions else [])])
    above = [[f"Report {line}", "of a meter"][: 1 + line % 2] for line in range(titles)]
    above += [heads] if header else []
    if from_name:
        paths = [packed(folder / f"{name}.csv", above + rows[name], style) for name in CONSUMERS]
    else:
        paths = [packed(folder / "all.csv", above + rows[CONSUMERS[0]] + rows[CONSUMERS[1]], style)]
    found = days_of(paths, **given_settings)
    assert list(found) == list(CONSUMERS)
    for number, name in enumerate(CONSUMERS):
        np.testing.assert_allclose(found[name], (into - out)[number] / 1000, atol=1e-9)


@pytest.mark.parametrize("day", ["2024-03-31", "2024-10-27", "2024-06-03"])
@pytest.mark.parametrize("stamp", ["start", "end"])
def test_running_numbers_of_hours_are_the_instants_of_the_day(tmp_path, day, stamp):
    """Hours 1 to 23, 24 or 25 fill their local day, and no other, whichever end stamps are said to name."""
    start = aware(dt.datetime.fromisoformat(day))
    after = aware(dt.datetime.fromisoformat(day) + dt.timedelta(days=1))
    hours = round((after.timestamp() - start.timestamp()) / 3600)
    lines = [f"A,{day},{hour},{hour}" for hour in range(1, hours + 1)]
    path = Path(tmp_path, "a.csv")
    path.write_text("\n".join(["id,time,no,kwh", *lines, ""]))
    columns = {"hour": "no"}
    found = days_of([path], columns=columns, timezone=ZONE, stamp=stamp, clock_change="fold", kind="energy")[
        "A"
    ]
    wall = [
        (start.astimezone(dt.UTC) + dt.timedelta(hours=h)).astimezone(ZoneInfo(ZONE)).hour
        for h in range(hours)
    ]
    expected = [np.mean([h + 1 for h in range(hours) if wall[h] == slot] or [np.nan]) for slot in range(24)]
    expected = np.interp(
        np.arange(24), np.flatnonzero(~np.isnan(expected)), np.array(expected)[~np.isnan(expected)]
    )
    np.testing.assert_allclose(found, [expected])
