"""Segments are called what their mean days are, or what the user calls them, and so everywhere."""

import csv
import json
import re

import numpy as np
import pytest

from crocs_cli.machine import files
from crocs_cli.maths.segments.peak import peak_window
from crocs_cli.maths.segments.traits import consumer_means
from crocs_cli.report import naming
from crocs_cli.rundir.layouts import PROFILES
from crocs_cli.rundir.run import Run
from tests import made_run

HOURS = re.compile(r"(\d\d):(\d\d) to (\d\d):(\d\d)")


def mean_days(run, clusters):
    """Return the mean kWh day of each segment, from the profiles themselves."""
    parts = [files.read(path, PROFILES) for path in sorted((run / "profiles").glob("*.h5"))]
    means = np.concatenate([consumer_means(part["energy_kwh"], part["day_offset"]) for part in parts])
    label = Run(run).partition(clusters)["label"]
    return [means[label == number].mean(axis=0) for number in range(clusters)]


def hours_hold(name, hour):
    """Return whether the first hours that a name tells hold an hour of the day."""
    start_h, start_min, end_h, end_min = map(int, HOURS.search(name).groups())
    start, end = start_h + start_min / 60, end_h + end_min / 60
    return start <= hour < end if start < end else hour >= start or hour < end


@pytest.mark.parametrize("seed", range(20))
def test_the_hours_of_a_name_hold_the_maximum_of_the_mean_day(tmp_path, seed):
    clusters = 3 + seed % 4
    run = made_run.make(
        tmp_path / "run", with_rrls=False, seed=seed, consumers=48, days=14, clusters=clusters, shapes=3
    )
    names = naming.segment_names(Run(run), clusters)
    means = mean_days(run, clusters)
    assert len(set(names)) == len(names) == clusters
    for name, mean in zip(names, means, strict=True):
        assert hours_hold(name, 24 * (int(mean.argmax()) + 0.5) / len(mean)), name


@pytest.mark.parametrize("slots", [24, 48, 96, 288])
@pytest.mark.parametrize("hour", [0, 0.5, 6.25, 12, 18.9, 23.5, 23.95])
@pytest.mark.parametrize("width", [0.3, 1.0, 2.5])
def test_a_peak_window_is_short_and_holds_the_maximum_at_every_interval(slots, hour, width):
    at = (np.arange(slots) + 0.5) * 24 / slots
    away = np.minimum((at - hour) % 24, (hour - at) % 24)
    day = 0.2 + np.exp(-((away / width) ** 2))
    start, end = peak_window(day)
    top = at[day.argmax()]
    assert start <= top < end or start <= top + 24 < end
    assert 1.0 <= end - start <= 1.0 + 2 * width + 1.0
    assert (2 * start).is_integer()
    assert (2 * end).is_integer()


@pytest.mark.parametrize(
    ("kwh", "name"),
    [(0.0, "no use"), (-3.0, "net export"), (3.0, "very low use"), (6.0, "low use"), (14.0, "medium use"),
     (30.0, "high use"), (31.0, "very high use")],
)  # fmt: skip
def test_levels_are_against_the_median_consumer(kwh, name):
    assert naming.level_of(kwh, 10.0) == name


def test_a_flat_day_has_no_hours():
    assert naming.name_of_day(np.full(48, 0.2), 9.6) == "medium use, the same all day"


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ((18.5, 20.5), "evening 18:30 to 20:30"),
        ((22.5, 25.0), "late evening 22:30 to 01:00"),
        ((8.0, 17.0), "daytime 08:00 to 17:00"),
        ((22.0, 30.0), "night 22:00 to 06:00"),
        ((0.0, 24.0), "all day"),
    ],
)
def test_windows_have_the_name_of_their_part_of_the_day(window, said):
    assert naming.window_name(window) == said


def test_equal_names_are_told_apart():
    hours = np.arange(48) / 2
    evening = 0.1 + np.exp(-((hours - 19) ** 2))
    mean_kwh = np.array([evening, evening + 0.7 * np.exp(-((hours - 7) ** 2)), evening * 1.1, evening * 1.1])
    window = "medium use, evening 18:30 to 20:00"
    assert naming.made_names(mean_kwh[:2], np.array([0, 1]), 2) == [
        f"{window} only",
        f"{window}, also morning 06:30 to 08:00",
    ]
    kwh = [f"{window}, {mean_kwh[row].sum():.1f} kWh a day" for row in (0, 1, 2)]
    assert naming.made_names(mean_kwh, np.array([0, 1, 2, 2]), 3) == kwh
    assert len(set(kwh)) == 3


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """Make a run, and a file of names for two of its three segments."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "names.yaml").write_text("1: Early birds\n3: Shops, as far as we know\n")
    return made_run.make(folder / "run", outliers=3), folder / "names.yaml"


GIVEN = ["Early birds", "Shops, as far as we know"]


def test_the_names_that_a_user_gives_go_everywhere(crocs, named, tmp_path):
    run, names = named
    made = naming.segment_names(Run(run), 3)
    ended = crocs("report", "--run", run, "--clusters", 3, "--names", names)
    assert ended.code == 0, ended.err
    wanted = [GIVEN[0], made[1], GIVEN[1]]
    page = (run / "report" / "3" / "index.html").read_text()
    for number, name in enumerate(wanted, 1):
        assert f">Segment {number}: {name}<" in page
        assert f"Mean day of segment {number}, {name}, on the scale" in page
    for what in ("consumers", "segments", "coverage"):
        path = tmp_path / f"{what}.csv"
        assert crocs("export", "--run", run, "--clusters", 3, "--what", what, path).code == 0
        assert told(path) == wanted
    assert crocs("typical", "--run", run, "--clusters", 3, tmp_path / "typical.csv").code == 0
    assert told(tmp_path / "typical.csv") == told(run / "report" / "3" / "segments.csv") == wanted
    again = crocs("report", "--run", run, "--clusters", 3)
    assert again.code == 0
    assert (run / "report" / "3" / "index.html").read_text() == page, "the names stay"


def told(path):
    """Return the names in a table, those of segment 1, 2 and so on, each told once."""
    rows = list(csv.DictReader(path.open()))
    found = {int(row["cluster"]): row["segment_name"] for row in rows}
    assert all(found[int(row["cluster"])] == row["segment_name"] for row in rows)
    return [found[number] for number in sorted(found)]


def test_new_consumers_get_the_names_of_the_model(crocs, named, tmp_path):
    run, names = named
    assert crocs("report", "--run", run, "--clusters", 3, "--names", names).code == 0
    new = made_run.profiles(tmp_path / "new", seed=2, consumers=12)
    assert crocs("assign", "--run", new, "--model", run, "--clusters", 3).code == 0
    assert crocs("export", "--run", new, "--what", "assignments", tmp_path / "new.csv").code == 0
    expected = dict(enumerate(naming.segment_names(Run(run), 3), 1))
    for row in csv.DictReader((tmp_path / "new.csv").open()):
        assert row["segment_name"] == expected[int(row["cluster"])]


def test_names_go_on_where_segments_go_on(crocs, tmp_path):
    settings = tmp_path / "names.yaml"
    settings.write_text("run: none\nreport: {clusters: 2, names: {2: 'Owls'}}\n")
    for name, seed in (("first", 1), ("later", 2)):
        assert crocs("synth", "--run", tmp_path / name, "--consumers", 24, "--days", 14, "--clusters", 2,
                     "--seed", seed).code == 0  # fmt: skip
        assert crocs("stage1", "--run", tmp_path / name, "--prototypes", 4).code == 0
    first, later = tmp_path / "first", tmp_path / "later"
    assert crocs("stage2", "--run", first, "--clusters", 2).code == 0
    assert crocs("report", "-c", settings, "--run", first).code == 0
    ended = crocs("stage2", "--run", later, "--clusters", 2, "--start-from", first)
    assert ended.code == 0, ended.err
    assert naming.segment_names(Run(later), 2)[1] == "Owls"


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        ({4: "Four"}, "there are 3 segments and no segment 4; give names to segments 1 to 3"),
        ({1: "=HYPERLINK()"}, "the name of segment 1 is not one line"),
        ({1: "a\nb"}, "the name of segment 1 is not one line"),
        ({1: "Same", 2: "Same"}, "two segments have one name; give each its own"),
        ({"one": "One"}, "valid integer"),
    ],
)
def test_names_that_are_none_are_refused(crocs, named, tmp_path, names, fault):
    (tmp_path / "names.yaml").write_text(json.dumps(names))
    ended = crocs("report", "--run", named[0], "--clusters", 3, "--names", tmp_path / "names.yaml")
    assert ended.code in (1, 2)
    assert fault in ended.err
    assert ended.err.count("\n") == 1


def test_a_damaged_file_of_names_says_its_cure(crocs, tmp_path):
    run = made_run.make(tmp_path / "run")
    assert crocs("report", "--run", run).code == 0
    (run / "names" / "3.json").write_text('{"names": 3}')
    ended = crocs("typical", "--run", run, tmp_path / "typical.csv")
    assert ended.code == 1
    assert (
        "names/3.json: not a file of segments' names; move it elsewhere and run `crocs report`" in ended.err
    )
