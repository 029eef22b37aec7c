"""Name segments: by what the user calls them, else by how much, and when most, their mean day uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.maths.decisions import at_most
from crocs_cli.maths.segments.peak import peak_window, second_window
from crocs_cli.maths.segments.traits import consumer_means
from crocs_cli.report import plain_words
from crocs_cli.report.words import clock, part_of_day
from crocs_cli.rundir import kept_names
from crocs_cli.rundir.kept_names import Names
from crocs_cli.rundir.meaning import DAYS, Meaning
from crocs_cli.rundir.run import Run

LEVELS = (  # mean kWh a day of a segment, as a multiple of the median consumer's, up to which it is called so
    (1 / 3, "very low use"),
    (2 / 3, "low use"),
    (3 / 2, "medium use"),
    (3.0, "high use"),
    (np.inf, "very high use"),
)
LONG_H = 6.0  # a longer peak window is no part of the day
COLUMN = "segment_name"


def segment_names(run: Run, clusters: int, mean_kwh: np.ndarray | None = None) -> list[str]:
    """Return the names of all segments of a partition, the largest first.

    Those that `crocs report` kept for this partition, else those that are made from the mean days of all
    consumers, mean_kwh (n, slots); these are read from the profiles where they are not given.
    """
    kept = kept_names.read(run, clusters, files.digest(run.partition_recipe(clusters)))
    if kept is not None:
        return kept.names
    if mean_kwh is None or run.meaning().period != "day":
        return _made_from_profiles(run, clusters)
    return made_names(mean_kwh, run.labels(clusters)[1], clusters)


def names_of_model(run: Run, clusters: int | None, model: str | None) -> list[str]:
    """Return the names of the segments that a run's consumers were assigned to; none where it keeps none.

    model: the digest of the partition that they were assigned to.
    """
    kept = kept_names.read(run, clusters, model) if clusters and model else None
    return kept.names if kept is not None else []


def keep_those_of(run: Run, model: Run, clusters: int) -> None:
    """Keep the names of a model's segments in the run whose consumers were assigned to them."""
    partition = files.digest(model.partition_recipe(clusters))
    kept, of_model = (kept_names.read(each, clusters, partition) for each in (run, model))
    if kept is None or of_model not in (None, kept):
        names = of_model or Names(partition, segment_names(model, clusters))
        kept_names.write(run, clusters, names)


def given_names(run: Run, clusters: int, given: Mapping[int, str] | None) -> dict[int, str]:
    """Return what the user calls segments: what is given, else what the run keeps of that.

    Raises CrocsError for a segment that is not there.
    """
    if given is None:
        kept = kept_names.read(run, clusters, files.digest(run.partition_recipe(clusters)))
        return kept.given if kept is not None else {}
    if wrong := [number for number in given if not 1 <= number <= clusters]:
        raise CrocsError(
            f"report.names: there are {clusters} segments and no segment {wrong[0]}; give names to segments "
            f"1 to {clusters}"
        )
    return dict(given)


def keep(
    run: Run, clusters: int, given: Mapping[int, str] | None, mean_kwh: np.ndarray | None = None
) -> list[str]:
    """Name the segments of a run's partition, keep the names in the run, and return them.

    given: what the user calls segments; mean_kwh: (n, slots) the mean days of all consumers. Without these,
    names that the run keeps stay.
    """
    partition = files.digest(run.partition_recipe(clusters))
    kept = kept_names.read(run, clusters, partition)
    named = dict(given or {})
    if mean_kwh is None and kept is not None and kept.given == named:
        return kept.names
    if mean_kwh is None:
        made = _made_from_profiles(run, clusters)
    else:
        made = made_names(mean_kwh, run.labels(clusters)[1], clusters, run.meaning())
    names = Names(partition, [named.get(number, name) for number, name in enumerate(made, 1)], named)
    if names != kept:
        kept_names.write(run, clusters, names)
    return names.names


def _made_from_profiles(run: Run, clusters: int) -> list[str]:
    """Return the names that are made from a run's profiles, or numbers where it has none, as a sample."""
    if not (run / "profiles").is_dir():
        return [f"segment {number}" for number in range(1, clusters + 1)]
    profiles = run.profiles().each(("energy_kwh", "day_offset"))
    mean_kwh = np.concatenate([consumer_means(read["energy_kwh"], read["day_offset"]) for read in profiles])
    return made_names(mean_kwh, run.labels(clusters)[1], clusters, run.meaning())


def made_names(mean_kwh: np.ndarray, label: np.ndarray, clusters: int, meaning: Meaning = DAYS) -> list[str]:
    """Return a name for each segment, made from its mean day; mean_kwh: (n, slots), label: (n,).

    Equal names are told apart by the second time at which their days are high, or else by the kWh a day.
    """
    if meaning.period != "day":
        return plain_words.segment_names(mean_kwh, label, clusters, meaning)
    means = [mean_kwh[label == number].mean(axis=0) for number in range(clusters)]
    usual_kwh = float(np.median(mean_kwh.sum(axis=1)))
    names = [name_of_day(mean, usual_kwh) for mean in means]
    for name, often in Counter(names).items():
        same = [number for number in range(clusters) if names[number] == name]
        ways = [[name + more(means[number]) for number in same] for more in (_also, _much)]
        ways[-1] = [f"{way} {meaning.unit} a day" for way in ways[-1]]
        told = next((way for way in ways if len(set(way)) == often), ways[-1])
        for number, longer in zip(same, told if often > 1 else [name], strict=True):
            names[number] = longer
    return names


def name_of_day(mean_day: np.ndarray, usual_kwh: float) -> str:
    """Name a mean day by its level and its peak window, such as "low use, evening 18:30 to 20:30".

    mean_day: (slots,) kWh; usual_kwh: kWh a day of the median consumer.
    """
    window = peak_window(mean_day)
    level = level_of(float(mean_day.sum()), usual_kwh)
    return f"{level}, the same all day" if window is None else f"{level}, {window_name(window)}"


def _also(mean_day: np.ndarray) -> str:
    window = second_window(mean_day)
    return " only" if window is None else f", also {window_name(window)}"


def _much(mean_day: np.ndarray) -> str:
    return f", {mean_day.sum():.1f}"


def level_of(daily_kwh: float, usual_kwh: float) -> str:
    """Name how much is used, against the median consumer."""
    if daily_kwh <= 0:
        return "net export" if daily_kwh < 0 else "no use"
    return next(word for most, word in LEVELS if at_most(daily_kwh, most * max(0.0, usual_kwh)))


def window_name(window: tuple[float, float]) -> str:
    """Name a peak window by its part of the day and its hours."""
    start, end = window
    if end - start >= 24.0:
        return "all day"
    return f"{_part(start, end)} {clock(start)} to {clock(end)}"


def named(table: pa.Table, names: list[str]) -> pa.Table:
    """Add the names of segments to a table that has their numbers, from 1 on, in its column `cluster`.

    Cells of segments without a name are empty.
    """
    number = table["cluster"].to_numpy() - 1
    column = pa.array([names[n] if n < len(names) else None for n in number.tolist()], pa.string())
    return table.append_column(COLUMN, column)


def _part(start: float, end: float) -> str:
    middle = (start + end) / 2 % 24.0
    if end - start <= LONG_H:
        return part_of_day(middle)
    return "daytime" if 7.0 <= middle < 18.0 else "evening and night" if middle >= 18.0 else "night"
