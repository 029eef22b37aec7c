"""The files of a screening, as tables: RUN/screen/{daily,truth,features,changes,placebo}/NNNNN.h5,
model/KEY.h5."""

from __future__ import annotations

from crocs_cli.machine.layout import Axes, Layout, Offsets

Arrays = dict[str, tuple[str, Axes]]
EACH = ("installation",)
WEEK, MONTH = ("installation", "weekday"), ("installation", "month")

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
        "event_kind": ("int8", ("event",)),  # see crocs_cli.screen.tables.EVENTS
        "latitude": ("float64", EACH),
        "longitude": ("float64", EACH),
    },
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
FEATURE_COUNTS = ("expected_days", "missing_days", "gaps", "longest_gap", "days", "short_days")
FEATURE_VALUES = (
    *(
        "gap_share",
        "mean_kwh",
        "cv",
        "low_share",
        "zero_share",
        "p10",
        "p50",
        "p90",
        "year_kwh",
        "log_energy",
    ),
    *("week_null", "month_null"),  # shape distances between two honest parts of DS0
)
FEATURES = Layout(
    "crocs-screen-features",
    1,
    "crocs screen fit",
    {
        "installation_id": ("text", EACH),
        "level": ("int8", EACH),
        "begin_day": ("int32", EACH),  # DS0 is begin_day..split_day-1
        "split_day": ("int32", EACH),
        **dict.fromkeys(FEATURE_COUNTS, ("int32", EACH)),
        **dict.fromkeys(FEATURE_VALUES, ("float64", EACH)),
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
CHANGE_COUNTS = (
    "filters_before",
    "filters_after",
    "days_before",
    "days_after",
    "months_compared",
    "ceased_day",
    *(f"{feature}_class_{when}" for feature in ("week", "month", "scale") for when in ("before", "after")),
    "t1_weekday",
    "t2_months_down",
    "t2_worst_month",
    "t3_months_down",
)
CHANGE_VALUES = (
    *(
        f"{name}_{when}"
        for name in ("mean", "cv", "low_share", "zero_share", "gap_share")
        for when in ("before", "after")
    ),
    "completeness",
    *(
        f"{feature}_{name}"
        for feature in ("week", "month", "scale")
        for name in ("ratio", "prototype_before", "prototype_after", "percentile")
    ),
    *(f"{feature}_{name}" for feature in ("week", "month") for name in ("distance", "euclidean")),
    *("t1_ratio", "t1_z", "t1_percent", "t2_ratio", "t2_z", "t2_slope_before", "t2_slope_after"),
    *("t2_mk_before", "t2_mk_after", "t2_gap", "t2_months", "t3_months"),
)
CHANGES = Layout(
    "crocs-screen-changes",
    1,
    "crocs screen rank",
    {
        "installation_id": ("text", EACH),
        "level": ("int8", EACH),
        "begin_day": ("int32", EACH),
        "split_day": ("int32", EACH),
        "end_day": ("int32", EACH),
        "ceased": ("int8", EACH),
        "consistent_high": ("int8", EACH),
        **dict.fromkeys(CHANGE_COUNTS, ("int32", EACH)),
        **dict.fromkeys(CHANGE_VALUES, ("float64", EACH)),
        "week_change": ("float64", WEEK),  # share after less share before
        "month_change": ("float64", MONTH),
        "weeks": ("float32", ("installation", "week")),  # mean daily kWh, newest last
    },
)
PLACEBO = Layout(
    "crocs-screen-placebo",
    1,
    "crocs screen rank",
    {
        name: kind
        for name, kind in CHANGES.arrays.items()
        if name not in ("weeks", "week_change", "month_change")
    },
)
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

LAYOUTS = {
    layout.format: layout for layout in (DAILY, TRUTH, FEATURES, MAP, LEVELS, CHANGES, PLACEBO, SCORES)
}
