"""No output has NaN or infinity: JSON has null, texts have words, and tables have empty cells."""

import datetime as dt
import json
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from crocs_cli import __main__
from crocs_cli.cli import COMMANDS, cli
from crocs_cli.cli.compare import _said
from crocs_cli.cli.screen import _print_rows
from crocs_cli.machine.plain import json_text
from crocs_cli.report.change import BehaviourChange, Changes
from crocs_cli.screen.truth import metrics
from crocs_cli.screen.validate import shown
from crocs_cli.stages import plan
from tests.conftest import ROOT

NOT_FINITE = re.compile(r"(?<![\w-])[+-]?(nan|inf|infinity)(?!\w)", re.IGNORECASE)
# consumers and their days. Only b has days enough for a forecast; then all use nothing, so that all are alike
KINDS = {"few": {"a": 6, "b": 17, "c": 3}, "none": {"a": 16, "b": 16}}
CALLS = {
    "quality": "quality --run {run}",
    "rrls": "rrls --run {run} --clusters {k} --json",
    "score": "score --run {run} --clusters {k}",
    "choose": "choose --run {run} --json",
    "compare": "compare --run {later} --with {run} --clusters {k} --json",
    "forecast": "forecast --run {run} --clusters {k} --test-days 2 --json",
    "peak": "peak --run {run} --clusters {k} --hours 1 --json",
    "target": "target --run {run} --clusters {k} --json",
    "bills": "bills --run {run} --clusters {k} --tariff now.yaml,new.yaml --window 17:00-20:00 --json",
    "impact": "impact --run {run} --clusters {k} --treated b.csv --control a.csv --json",
    "plan": "plan --run {run} --consumers 50 --json",
    "status": "status --run {run} --shares 2 --json",
    "info": "info {run}/partitions/{k}.h5 --json",
}
ALSO = (
    "compare --run {later} --with {run} --clusters {k} --control all --json",
    "stability --run {run} --samples 2",
    "typical --run {run} --clusters {k}",
    "report --run {run} --clusters {k}",
    "export --run {run} --what indices indices.csv",
    "export --run {later} --what assignments assignments.csv",
)


def readings(path: Path, kind: str, start: dt.datetime) -> None:
    rows = ["id,time,kwh"]
    for consumer, days in KINDS[kind].items():
        for slot in range(48 * days):
            kwh = 0.2 + slot * 37 % 101 / 500 + (34 <= slot % 48 < 40) if kind == "few" else 0
            rows.append(f"{consumer},{start + dt.timedelta(minutes=30 * slot)},{kwh:.3f}")
    path.write_text("\n".join(rows))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("degenerate")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, price in (("now", 0.2), ("new", 0.3)):
            Path(f"{name}.yaml").write_text(f"currency: EUR\nenergy:\n  - price: {price}\n")
        for kind in KINDS:
            for run, month in ((kind, 1), (f"{kind}-later", 7)):
                readings(folder / "x.csv", kind, dt.datetime(2024, month, 1))
                assert __main__.run(["ingest", "--run", run, "x.csv"]) == 0
                assert __main__.run(["stage1", "--run", run, "--prototypes", "2"]) == 0
            assert __main__.run(["stage2", "--run", kind, "--clusters", "1,2"]) == 0
            assert __main__.run(["rrls", "--run", kind, "--clusters", str(_k(kind))]) == 0
            (folder / "all").write_text("\n".join(KINDS[kind]))
        (folder / "b.csv").write_text("b,2024-01-09")
        (folder / "a.csv").write_text("a")
    return folder


def _k(kind: str) -> int:
    return 1 if kind == "none" else 2


def not_json(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_every_command_that_prints_json_is_tried():
    found = {name: cli.get_command(None, name) for name in COMMANDS if name != "screen"}
    names = {name: [p.name for p in command.params] for name, command in found.items()}
    assert {name for name in names if "as_json" in names[name]} | {"quality", "score"} == {*CALLS}


@pytest.mark.parametrize("kind", KINDS)
def test_json_is_strict_and_texts_and_tables_have_no_nan(crocs, folder, monkeypatch, kind):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(plan, "TRIAL_S", 0.02)
    for line in (*CALLS.values(), *ALSO):
        if line == CALLS["plan"] and kind == "none":
            continue  # it looks at no more than the number of consumers
        if line == CALLS["impact"] and kind == "few":
            continue  # a has too few days to be compared with
        call = line.format(run=kind, later=f"{kind}-later", k=_k(kind)).split()
        as_text = [word for word in call if word != "--json"]
        for arguments in [call] if call[0] == "plan" else [call, as_text]:
            ended = crocs(*arguments)
            assert ended.code == 0, (call, ended.err)
            assert not NOT_FINITE.search(ended.out + ended.err), (call, ended.out)
            if "--json" in arguments or arguments[0] in ("quality", "score"):
                json.loads(ended.out, parse_constant=not_json)
    texts = [path for path in folder.rglob("*") if path.suffix in (".csv", ".html", ".svg", ".json")]
    assert len(texts) > 20
    for path in texts:
        assert not NOT_FINITE.search(path.read_text()), path


def test_a_forecast_says_why_a_change_is_not_known(crocs, folder, monkeypatch):
    monkeypatch.chdir(folder)
    said = {
        kind: crocs("forecast", "--run", kind, "--clusters", _k(kind), "--test-days", 2).out for kind in KINDS
    }
    assert "% (interval not known, as there is one consumer only)" in said["few"]
    assert "kwh_mae not known, as last_week has no error" in said["none"]
    found = json.loads(crocs("forecast", "--run", "few", "--clusters", 2, "--test-days", 2, "--json").out)
    middle, low, high = found["change_percent"]["markov"]["last_week"]["kwh_mae"]
    assert math.isclose(
        middle, 100 * (found["errors"]["markov"]["kwh_mae"] / found["errors"]["last_week"]["kwh_mae"] - 1)
    )
    assert low is high is None


def test_a_comparison_of_single_consumers_claims_nothing_and_says_so():
    one = BehaviourChange(1, 1, "flat", 1, 0.3, 0.4, 0.1, math.nan, math.nan, math.nan, claimed=False)
    several = replace(one, low=-0.1, high=0.3, p_adjusted=0.2)
    nobody = np.zeros((2, 1))
    for row, told in (
        (one, "not known which changes are beyond chance, as no group has two consumers or more"),
        (several, "no change of any behaviour beyond chance"),
    ):
        found = Changes(
            "before", "after", 1, np.array(["a"]), 0, 0, nobody, nobody[0] > 0, nobody, np.ones((1, 1)), [row]
        )
        assert _said(json.loads(json_text(found.summary())))[2:] == [told]


def test_screening_without_a_thief_is_said_in_words(capsys):
    score, nobody = np.arange(4.0), np.zeros(4, dtype=bool)
    figures = json.loads(json_text(metrics.summary(score, nobody, np.zeros(4))), parse_constant=not_json)
    assert figures["auc"] is figures["fpr_at_recall_0.5"] is None
    assert shown(math.nan) == shown(None) == "not known"
    rows = {"id": ["a", "b"], "final": np.array([0.5, np.nan])}
    _print_rows(rows, as_json=False)
    assert capsys.readouterr().out == "a  0.500\nb  not known\n"
    _print_rows(rows, as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"id": "a", "final": 0.5}, {"id": "b", "final": None}]


@dataclass
class Record:
    when: dt.date
    where: Path
    how_much: np.ndarray


def test_json_has_plain_values_for_all_that_crocs_has():
    record = Record(dt.date(2024, 1, 2), Path("a/b"), np.array([[1.5, np.nan], [np.inf, -np.inf]]))
    found = json.loads(json_text({"one": record, 2: (np.int64(3), np.float32(0.5), np.bool_(True))}))
    assert found == {
        "one": {"when": "2024-01-02", "where": "a/b", "how_much": [[1.5, None], [None, None]]},
        "2": [3, 0.5, True],
    }
    with pytest.raises(TypeError, match="not JSON serializable"):
        json_text(object())


def test_one_place_writes_json():
    """But for recipes, whose text is what their digest is made of."""
    package = ROOT / "crocs_cli"
    writers = [path for path in package.rglob("*.py") if re.search(r"json\.dumps?\(", path.read_text())]
    assert {str(path.relative_to(package)) for path in writers} == {"machine/plain.py", "machine/files.py"}
