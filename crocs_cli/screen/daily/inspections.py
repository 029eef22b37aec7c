"""Read tables of inspections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.readers import sgcc
from crocs_cli.readers.table_settings import TableSettings
from crocs_cli.screen.daily.reading import NO_DATE, ColumnKind, Rows, table_rows

#: abnormal, not abnormal, not tested
ABNORMAL, NORMAL, UNTESTED = "A", "NA", "X"
RESULTS = {
    **{name: name for name in (ABNORMAL, NORMAL, UNTESTED)},
    **dict.fromkeys(("yes", "y", "true", "1"), ABNORMAL),
    **dict.fromkeys(("no", "n", "false", "0"), NORMAL),
    "": UNTESTED,
}
IMPACTS = {"1": "1", "0": "0", "NA": "NA", "": "NA"}
COLUMNS: dict[str, ColumnKind] = {
    "id": "id",
    "date": "date",
    "found": "text",
    "result": "text",
    "impact": "text",
    sgcc.CONSUMER: "id",
    sgcc.FLAG: "text",
}


@dataclass(frozen=True)
class Inspections:
    """Inspections in the order of their table, each array (inspection,).

    `id` text, `date` datetime64[D] (NaT unknown), `result` A, NA or X, `impact` 1, 0 or NA, and `found`:
    1 a loss, 0 none, -1 not known.
    """

    id: np.ndarray
    date: np.ndarray
    result: np.ndarray
    impact: np.ndarray
    found: np.ndarray

    def counts(self) -> Counter[tuple[str, str]]:
        """Count inspections by result and impact on the measured energy."""
        return Counter(zip(self.result.tolist(), self.impact.tolist(), strict=True))


def read_inspections(path: Path, settings: TableSettings) -> Inspections:
    """Read a table of `id`, `date` and `found` (yes or no), or `result` (A, NA, X) with `impact` (1, 0).

    An abnormal meter is a loss where it had an impact, or where no column says so. The table of State Grid
    (CONS_NO, FLAG) is read too. Raises CrocsError for a missing column, and with the line of another word.
    """
    parts = [_part(path, rows) for rows in table_rows(path, settings, COLUMNS, COLUMNS)]
    if not parts:
        raise CrocsError(f"{path}: no inspections; give a table id, date, found (yes or no)")
    return Inspections(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _part(path: Path, rows: Rows) -> tuple[np.ndarray, ...]:
    columns = rows.columns
    ids = columns.get("id", columns.get(sgcc.CONSUMER))
    names = [name for name in ("found", "result", sgcc.FLAG) if name in columns]
    if ids is None or not names:
        raise CrocsError(f"{path}: no column id, or no column found (yes or no) or result (A, NA, X); add it")
    result, impact = _meant(rows, names[0], RESULTS), np.full(len(rows), "NA")
    has_impact = result == ABNORMAL
    if names[0] == "result" and "impact" in columns:
        impact = _meant(rows, "impact", IMPACTS)
        has_impact &= impact == "1"
    unknown = (result == UNTESTED) | ((result == ABNORMAL) & ~has_impact & (impact == "NA"))
    dates = columns.get("date", np.full(len(rows), NO_DATE))
    return np.array(ids.to_pylist(), object), dates, result, impact, np.where(unknown, -1, has_impact)


def _meant(rows: Rows, name: str, meanings: Mapping[str, str]) -> np.ndarray:
    """Return the meaning of every word of a column, also of words in capitals."""
    words = [word or "" for word in rows.columns[name]]
    found = [meanings.get(word, meanings.get(word.lower())) for word in words]
    if None in found:
        row = found.index(None)
        known = ", ".join(word for word in meanings if word)
        raise CrocsError(f"{rows.place(row)}: {name} {words[row]!r} is none of {known}; mend the line")
    return np.array(found)
