"""Layouts of RUN/screen/{daily,truth,features,changes,placebo}/NNNNN.h5, model/KEY.h5 and scores.h5."""

from __future__ import annotations

from crocs_cli.machine.layout import Layout, Offsets

EACH = ("installation",)
WEEK, MONTH = ("installation", "weekday"), ("installation", "month")
PERIODS = ("before", "after")


def _each(kind: str, names: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return arrays of one entry an installation, by their names with blanks between."""
    return dict.fromkeys(names.split(), (kind, EACH))


def _both(names: str) -> str:
    """Return each name for the period before and the one after."""
    return " ".join(f"{name}_{when}" for name in names.split() for when in PERIODS)


DAILY = Layout(
    "crocs-screen-daily",
    1,
    "crocs screen fit",
    {
        "installation_id": ("text", EACH),
        "level": ("int8", EACH),  # 0 HV, 1 MV, 2 LVS, 3 LV
        "first_date": ("int32", ("calendar",)),  # one entry: days since 1970-01-01
        "energy_kwh": ("float32", ("installation", "day")),  # NaN: missing
        "quality": ("uint8", ("installation", "day")),  # bits named by crocs_cli.screen.daily.cleaning
        "intervals": ("int16", ("metered", "day")),  # readings received; no rows where never known
        "expected_intervals": ("int16", ("day",)),
        "begin_day": ("int32", EACH),  # of the contract; days before it are not expected
        "end_day": ("int32", EACH),
        "event_offset": ("int64", (Offsets("installation"),)),
        "event_day": ("int32", ("event",)),
        "event_kind": ("int8", ("event",)),  # see crocs_cli.screen.daily.contracts.EVENTS
        "latitude": ("float64", EACH),
        "longitude": ("float64", EACH),
    },
    units={"energy_kwh": "kWh", "first_date": "days since 1970-01-01"},
)
TRUTH = Layout(
    "crocs-screen-truth",
    1,
    "crocs screen simulate",
    {
        "installation_id": ("text", EACH),
        "attack": ("int8", EACH),  # 0 honest, 1..15 as in crocs_cli.screen.simulated.attacks
        "first_day": ("int32", EACH),  # of the attack; -1 honest
        "stolen_kwh": ("float64", EACH),
        "week_type": ("int8", EACH),  # -1: not planted
        "month_type": ("int8", EACH),
        "step_day": ("int32", EACH),  # honest changes; -1 none
        "vacancy_day": ("int32", EACH),
        "solar_day": ("int32", EACH),
    },
)
FEATURES = Layout(
    "crocs-screen-features",
    1,
    "crocs screen fit",
    {
        "installation_id": ("text", EACH),
        "level": ("int8", EACH),
        **_each("int32", "begin_day split_day"),  # DS0 is begin_day..split_day-1
        **_each("int32", "expected_days missing_days gaps longest_gap days short_days"),
        **_each("float64", "gap_share mean_kwh cv low_share zero_share p10 p50 p90 year_kwh log_energy"),
        **_each("float64", "week_null month_null"),  # shape distances between two honest parts of DS0
        "month_days": ("int32", MONTH),
        "week_share": ("float64", WEEK),
        "month_share": ("float64", MONTH),
        "gap_length_count": ("int32", ("installation", "gap_bin")),
        "quality_count": ("int64", ("installation", "quality_bit")),
    },
)
MAP = Layout(
    "crocs-screen-map",
    1,
    "crocs screen fit",
    {
        "lattice": ("int32", ("lattice_field",)),  # rows, columns, hexagonal
        "nodes": ("float64", ("node", "component")),
        "node_class": ("int32", ("node",)),
        "hits": ("int64", ("node",)),
        "prototypes": ("float64", ("class", "component")),
        "low": ("float64", ("class", "component")),
        "high": ("float64", ("class", "component")),
        "sizes": ("int64", ("class",)),
        "spread": ("float64", ("class", "percentile")),
        "elbow": ("float64", ("classes", "cost")),  # WCSS of nodes, WCSS of installations, silhouette
        "quality": ("float64", ("measure",)),  # the fields of crocs_cli.screen.patterns.som.Quality
    },
)
LEVELS = Layout(
    "crocs-screen-levels",
    1,
    "crocs screen fit",
    {
        "first_quartile": ("float64", ("level",)),  # of the mean daily kWh
        "installations": ("int64", ("level",)),
        "shape_scale": ("float64", ("feature", "quantile")),  # week, month: honest median and 99th percentile
    },
)
CHANGED = {
    "installation_id": ("text", EACH),
    "level": ("int8", EACH),
    **_each("int32", "begin_day split_day end_day"),
    **_each("int8", "ceased consistent_high"),
    **_each("int32", f"{_both('filters days')} months_compared ceased_day"),
    **_each("int32", _both("week_class month_class scale_class")),
    **_each("int32", "t1_weekday t2_months_down t2_worst_month t3_months_down"),
    **_each("float64", f"{_both('mean cv low_share zero_share gap_share')} completeness"),
    **_each("float64", "week_ratio week_prototype_before week_prototype_after week_percentile"),
    **_each("float64", "month_ratio month_prototype_before month_prototype_after month_percentile"),
    **_each("float64", "scale_ratio scale_prototype_before scale_prototype_after scale_percentile"),
    **_each("float64", "week_distance week_euclidean month_distance month_euclidean"),
    **_each("float64", "t1_ratio t1_z t1_percent t2_ratio t2_z t2_slope_before t2_slope_after"),
    **_each("float64", "t2_mk_before t2_mk_after t2_gap t2_months t3_months"),
}
CHANGES = Layout(
    "crocs-screen-changes",
    1,
    "crocs screen rank",
    CHANGED
    | {
        "week_change": ("float64", WEEK),  # share after less share before
        "month_change": ("float64", MONTH),
        "weeks": ("float32", ("installation", "week")),  # mean daily kWh, newest last
    },
)
PLACEBO = Layout("crocs-screen-placebo", 1, "crocs screen rank", CHANGED)
SCORES = Layout(
    "crocs-screen-scores",
    1,
    "crocs screen rank",
    {
        "installation_id": ("text", EACH),
        "rank": ("int64", EACH),  # 0: not ranked
        "rank_level": ("int64", EACH),
        "final": ("float64", EACH),
        "score": ("float64", EACH),
        "level": ("int8", EACH),
        "tag": ("float64", ("installation", "tag")),  # as screen.ranking.tags.TAGS; NaN: not testable
        "completeness": ("float64", EACH),
        "agreement": ("int64", EACH),  # tests that see a sure decrease
        "p_value": ("float64", EACH),  # NaN: no placebo
        "q_value": ("float64", EACH),
        "onset_day": ("int32", EACH),  # -1: none
        "lost_kwh": ("float64", EACH),
    },
)

ALL = (DAILY, TRUTH, FEATURES, MAP, LEVELS, CHANGES, PLACEBO, SCORES)
LAYOUTS = {layout.format: layout for layout in ALL}
