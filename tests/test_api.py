"""The Python API: the same results as the commands, from a run directory and from arrays."""

import doctest
import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import crocs_cli as crocs_api
from crocs_cli import __main__, estimator
from crocs_cli.machine import files
from crocs_cli.maths.segments.peak import peak_window
from crocs_cli.rundir.layouts import ASSIGNMENTS, DENDROGRAM, PROFILES, RLS
from crocs_cli.rundir.settings import Stage1Settings, Stage2Settings
from crocs_cli.stages import export, programme_tables
from tests import naive
from tests.conftest import ROOT, digests

HEAVY = {"numpy", "numba", "pyarrow", "h5py", "pydantic", "sklearn", "scipy", "click", "yaml"}
K = 3


def called(*arguments):
    assert __main__.run([str(argument) for argument in arguments]) == 0, arguments


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run that the commands made, with distances in several tiles, and a run of new consumers."""
    folder = tmp_path_factory.mktemp("api")
    run = folder / "run"
    called("synth", "--run", run, "--consumers", 90, "--days", 20, "--clusters", K, "--outliers", 3)
    called("stage1", "--run", run, "--prototypes", 6)
    called("stage2", "--run", run, "--clusters", f"2,{K}")
    called("rrls", "--run", run, "--clusters", K, "--communities", 4)
    called("report", "--run", run, "--clusters", K)
    called("synth", "--run", folder / "new", "--consumers", 30, "--days", 20, "--clusters", K, "--seed", 7)
    called("assign", "--run", folder / "new", "--model", run, "--clusters", K)
    return run


def days_of(run):
    """Return the days of a run of one file, and whose they are."""
    read = files.read(run / "profiles" / "00000.h5", PROFILES)
    return read["energy_kwh"], np.repeat(read["consumer_id"], np.diff(read["day_offset"]))


def test_import_costs_nothing():
    code = "import sys, json, crocs_cli; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not HEAVY & set(json.loads(done.stdout))


def test_every_name_is_there_and_described():
    assert set(crocs_api.__all__) <= set(dir(crocs_api))
    for name in crocs_api.__all__:
        assert getattr(crocs_api, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'fit'"):
        crocs_api.fit  # noqa: B018


def test_the_example_in_the_description_works():
    assert doctest.testmod(estimator).failed == 0
    assert doctest.testmod(estimator).attempted > 5


def test_crocs_equals_the_commands_bit_for_bit(run):
    days, owner = days_of(run)
    model = crocs_api.Crocs(prototypes=6, clusters=K).fit(days, owner)
    sets, tree = files.read(run / "rls" / "00000.h5", RLS), files.read(run / "dendrogram.h5", DENDROGRAM)
    opened = crocs_api.open_run(run)
    table = opened.consumers(K).to_pydict()
    assert model.consumers_.tolist() == table["consumer_id"]
    assert (model.labels_ + 1).tolist() == table["cluster"]
    assert np.array_equal(model.merges_, tree["merges"])
    assert np.array_equal(model.load_sets_.prototypes, sets["medoid"])
    assert np.array_equal(model.load_sets_.days, sets["days"])
    assert np.array_equal(model.load_sets_.offset, sets["prototype_offset"])
    assert np.array_equal(model.day_labels_, sets["day_prototype"])
    read = files.read(run / "profiles" / "00000.h5", PROFILES)
    assert np.array_equal(read["date"][model.medoid_rows_], sets["medoid_date"])
    ids, distances = opened.distances()
    assert ids.tolist() == table["consumer_id"]
    own = crocs_api.wsmd(model.load_sets_, model.load_sets_)
    assert np.array_equal(own[np.triu_indices(90, 1)], distances)


@pytest.mark.parametrize(
    ("one", "two", "parameters"),
    [
        (["--algorithm", "kmedoids"], ["--algorithm", "kmedoids", "--starts", 30], {"algorithm": "kmedoids"}),
        (
            ["--algorithm", "kmeans"],
            ["--refine", "none", "--distance", "hd"],
            {"refine": "none", "distance": "hd"},
        ),
    ],
    ids=["kmedoids", "kmeans-hd"],
)  # fmt: skip
def test_other_parameters_equal_the_commands_too(run, tmp_path, one, two, parameters):
    (tmp_path / "profiles").symlink_to(run / "profiles")
    called("stage1", "--run", tmp_path, "--prototypes", 5, "--seed", 4, *one)
    called("stage2", "--run", tmp_path, "--clusters", 4, "--seed", 4, *two)
    model = crocs_api.Crocs(5, 4, day_algorithm=one[1], random_state=4, **parameters).fit(*days_of(run))
    assert (model.labels_ + 1).tolist() == crocs_api.open_run(tmp_path).consumers()["cluster"].to_pylist()


def test_the_order_of_rows_does_not_matter(run):
    days, owner = days_of(run)
    first = crocs_api.Crocs(6, K).fit(days, owner)
    order = np.random.default_rng(0).permutation(len(days))
    other = crocs_api.Crocs(6, K).fit(days[order].tolist(), owner[order])
    place = dict(zip(other.consumers_, other.labels_, strict=True))
    same = [place[name] for name in first.consumers_]
    assert len({*zip(same, first.labels_.tolist(), strict=True)}) == K


def test_predict_equals_assign(run):
    model = crocs_api.Crocs(6, K).fit(*days_of(run))
    assigned = files.read(run.parent / "new" / "assignments" / "00000.h5", ASSIGNMENTS)
    new = days_of(run.parent / "new")
    assert np.array_equal(model.predict(*new), assigned["label"])
    assert np.array_equal(model.transform(*new).min(axis=1).astype(np.float32), assigned["distance"])
    assert np.array_equal(model.fit_predict(*new), clone(model).fit(*new).labels_)


def test_parameters_are_those_of_the_commands():
    model = crocs_api.Crocs()
    one, two = Stage1Settings(), Stage2Settings()
    expected = {"prototypes": one.prototypes, "clusters": two.clusters[0], "window": two.window}
    expected |= {"normalise": one.normalise, "day_algorithm": one.algorithm, "algorithm": two.algorithm}
    assert model.get_params() == expected | {
        "distance": two.distance,
        "refine": two.refine,
        "random_state": 1,
    }
    assert one.window == two.window
    assert clone(model.set_params(clusters=7)).clusters == 7
    assert repr(crocs_api.Crocs(clusters=7)) == "Crocs(clusters=7)"


DAYS, OWNER = np.random.default_rng(0).random((12, 24)), np.arange(6).repeat(2)


@pytest.mark.parametrize(
    ("parameters", "days", "owner", "said"),
    [
        ({"clusters": 0}, DAYS, OWNER, r"Crocs: clusters: .*greater than or equal to 1 \(got 0\)"),
        ({"clusters": 7}, DAYS, OWNER, "Crocs: 7 clusters of 6 consumers; ask for fewer"),
        ({"window": 45}, DAYS, OWNER, "window: 45 min is not a whole number of slots of 60 min"),
        ({"distance": "cosine"}, DAYS, OWNER, "Crocs: distance: .*'wsmd'.*got 'cosine'"),
        ({"distance": "footprint"}, DAYS, OWNER, "Crocs: footprint needs a run directory"),
        ({"random_state": "a"}, DAYS, OWNER, r"Crocs: random_state: .*valid integer.*\(got 'a'\)"),
        ({}, DAYS[0], OWNER, r"days: of shape \(24,\); give one row a day"),
        ({}, DAYS[:0], OWNER[:0], r"days: of shape \(0, 24\)"),
        ({}, [["a"]], [1], "days: not an array of numbers"),
        ({}, DAYS, OWNER[1:], r"owner: of shape \(11,\) for 12 days"),
        ({"clusters": 2}, np.where(DAYS > 0.9, np.nan, DAYS), OWNER, "a reading is missing, infinite or"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_one_line(parameters, days, owner, said):
    with pytest.raises(crocs_api.CrocsError, match=said) as error:
        crocs_api.Crocs(**parameters).fit(days, owner)
    assert "\n" not in str(error.value)


def test_predict_wants_a_fitted_model_and_the_same_slots():
    model = crocs_api.Crocs(2, 2)
    with pytest.raises(NotFittedError):
        model.predict(DAYS, OWNER)
    with pytest.raises(crocs_api.CrocsError, match="days: 12 slots, fit had 24"):
        model.fit(DAYS, OWNER).predict(DAYS[:, :12], OWNER)


def test_distances_are_those_of_the_definition():
    x, y = DAYS[:5], DAYS[5:]
    expected = [[naive.dtw(a, b, 1) for b in y] for a in x]
    assert crocs_api.dtw_distances(x, y) == pytest.approx(np.array(expected))
    assert np.array_equal(crocs_api.dtw_distances(x), crocs_api.dtw_distances(x, x))
    a, b = (DAYS[:3], [1, 2, 3]), (DAYS[4:8], np.array([5, 1, 1, 1]))
    own = naive.set_distance("wsmd", (a[0], np.array(a[1])), b, 1)
    assert crocs_api.wsmd(a, b) == pytest.approx(own, rel=1e-6)
    with pytest.raises(crocs_api.CrocsError, match="b: days .* of 3 prototypes"):
        crocs_api.wsmd(a, (DAYS[:3], [1, 0, 1]))
    with pytest.raises(crocs_api.CrocsError, match=r"x: profiles are of shape \(n, slots\), not \(24,\)"):
        crocs_api.dtw_distances(DAYS[0])


def test_a_run_gives_the_tables_that_export_writes(crocs, run, tmp_path):
    before, opened = digests(run), crocs_api.open_run(str(run))
    by_method = {
        "consumers": opened.consumers(K),
        "segments": opened.segments(),
        "hyperprototypes": opened.behaviours(),
        "coverage": opened.coverage(),
        "day-labels": opened.day_labels(),
        "mean-days": opened.mean_days(K),
        "profiles": opened.profiles(),
        "rls": opened.load_sets(),
        "distances": opened.table("distances"),
        "indices": opened.table("indices"),
    }
    for what, table in by_method.items():
        path = tmp_path / f"{what}.parquet"
        assert crocs("export", "--run", run, "--what", what, "--clusters", K, path).code == 0
        assert pa.parquet.read_table(path).equals(table), what
    assert opened.numbers() == [2, K]
    assert digests(run) == before


def test_profiles_of_some_consumers(run):
    opened = crocs_api.open_run(run)
    every, some = opened.profiles(), opened.profiles(["S0000004", "S0000001"])
    assert some["consumer_id"].to_pylist() == ["S0000001"] * 20 + ["S0000004"] * 20
    inside = pa.compute.is_in(every["consumer_id"], pa.array(["S0000001", "S0000004"]))
    assert (
        some.equals(every.filter(inside).combine_chunks())
        or some.to_pydict() == every.filter(inside).to_pydict()
    )
    energy, _ = days_of(run)
    assert np.array_equal(np.stack([every[name] for name in every.column_names[2:]], axis=1), energy)
    with pytest.raises(crocs_api.CrocsError, match="no consumer nobody; `crocs export --what consumers`"):
        opened.profiles(["S0000001", "nobody"])


def test_mean_days_are_those_of_the_report(run):
    told = pyarrow.csv.read_csv(run / "report" / str(K) / "day.csv").to_pydict()
    own = crocs_api.open_run(run).mean_days(K).to_pydict()
    names = ["cluster", "hour", "mean_kwh", "others_mean_kwh", "peak_share", "others_peak_share"]
    for name in names:
        assert own[name] == pytest.approx(told[name], rel=1e-5, abs=1e-9), name
    inside = [hour for hour, there in zip(own["hour"][:48], own["in_peak_window"], strict=False) if there]
    start, end = peak_window(np.array(own["mean_kwh"][:48]))
    assert inside == [hour for hour in own["hour"][:48] if start <= hour < end]
    assert own["segment_name"][0] == crocs_api.open_run(run).segments(K)["segment_name"].to_pylist()[0]


def test_what_is_not_there_is_said(run, tmp_path):
    with pytest.raises(crocs_api.CrocsError, match="no such run directory; `crocs ingest`"):
        crocs_api.open_run(tmp_path / "nowhere")
    opened = crocs_api.open_run(tmp_path)
    with pytest.raises(crocs_api.CrocsError, match="no partition; run `crocs stage2` first"):
        opened.segments()
    with pytest.raises(crocs_api.CrocsError, match="table: no table 'labels'; there are consumers,"):
        opened.table("labels")
    with pytest.raises(crocs_api.CrocsError, match="no partition says how consumers are compared"):
        opened.distances()
    assert {*export.WHOLE, *export.PARTED, *programme_tables.COLUMNS} == {*export.COLUMNS}
