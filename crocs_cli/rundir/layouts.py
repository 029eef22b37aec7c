"""The specification of every HDF5 file of a run, shared by writer, reader, tests and README."""

from __future__ import annotations

from crocs_cli.machine.layout import Layout, Offsets

PROFILES = Layout(
    "crocs-profiles",
    1,
    "crocs ingest",
    {
        "consumer_id": ("text", ("consumer",)),
        "day_offset": (
            "int64",
            (Offsets("consumer"),),
        ),  # c owns the days day_offset[c]:day_offset[c+1]
        "date": ("int32", ("day",)),  # days since 1970-01-01, local calendar
        "energy_kwh": ("float32", ("day", "slot")),
        "meter_id": ("text", ("meter",)),  # every meter that was read, also those without a usable day
        "quality": ("int64", ("meter", "count")),  # counts named by crocs_cli.maths.readings.quality.COUNTS
    },
)
TRUTH = Layout(
    "crocs-truth",
    1,
    "crocs synth",
    {
        "consumer_id": ("text", ("consumer",)),
        "cluster": ("int32", ("consumer",)),  # -1: an outlier consumer
        "day_offset": ("int64", (Offsets("consumer"),)),
        "shape": ("int32", ("day",)),  # -1: an outlier day
    },
)
RLS = Layout(
    "crocs-rls",
    2,
    "crocs stage1",
    {
        "consumer_id": ("text", ("consumer",)),
        "prototype_offset": ("int64", (Offsets("consumer"),)),
        "medoid": ("float32", ("prototype", "slot")),  # normalised, as the mean
        "mean": ("float32", ("prototype", "slot")),
        "days": ("int32", ("prototype",)),
        "medoid_date": ("int32", ("prototype",)),  # days since 1970-01-01
        "mean_daily_kwh": ("float32", ("consumer",)),
        "day_offset": ("int64", (Offsets("consumer"),)),
        "date": ("int32", ("day",)),
        "day_prototype": ("int32", ("day",)),  # which of its consumer's prototypes stands for the day
    },
)
WSMD = Layout(
    "crocs-wsmd",
    1,
    "crocs stage2",
    {"distance": ("float32", ("row", "column"))},  # a tile on the diagonal is square and symmetric
)
DENDROGRAM = Layout(
    "crocs-dendrogram",
    1,
    "crocs stage2",
    {"merges": ("float64", ("merge", "merge_field"))},  # scipy's linkage
)
FOOTPRINT = Layout(
    "crocs-footprint",
    1,
    "crocs stage2",
    {  # the maps that turn days into vectors
        "landmarks": ("float32", ("landmark", "slot")),
        "centre": ("float32", ("slot",)),
        "whitening": ("float64", ("feature", "landmark")),
        "mean": ("float64", ("feature",)),
        "radius": ("float64", ("one",)),
        "components": ("float64", ("component", "feature")),
        "origin": ("float64", ("component",)),
    },
)
VECTORS = Layout(
    "crocs-vectors",
    1,
    "crocs stage2",
    {
        "consumer_id": ("text", ("consumer",)),
        "vector": ("float32", ("consumer", "component")),
    },
)
PARTITION = Layout(
    "crocs-partition",
    2,
    "crocs stage2",
    {  # of one number of segments; float32 where the sums' order may be another with other numbers
        "consumer_id": ("text", ("consumer",)),
        "label": ("int32", ("consumer",)),  # 0 is the largest segment
        "medoid": ("int32", ("segment",)),  # consumer index
        "silhouette": ("float32", ("one",)),
        "dunn": ("float32", ("one",)),
        "davies_bouldin": ("float32", ("one",)),
        "calinski_harabasz": ("float32", ("one",)),
    },
)
SAMPLED = Layout(
    "crocs-sampled",
    2,
    "crocs stage2",
    {
        "consumer_id": ("text", ("consumer",)),
        "clustered": ("bool", ("consumer",)),  # in the sample; the others were assigned to its segments
        "distance": ("float32", ("consumer",)),  # to the centre of the consumer's segment
        "runner_up": ("int32", ("consumer",)),  # the next segment; -1 where there is only one
    },
)
RRLS = Layout(
    "crocs-rrls",
    1,
    "crocs rrls",
    {
        "consumer_id": ("text", ("member",)),
        "vertex_member": ("int32", ("vertex",)),
        "vertex_days": ("int32", ("vertex",)),
        "vertex_community": ("int32", ("vertex",)),  # 0 covers the most days; -1: too small to count
        "hyperprototype_medoid": ("float32", ("community", "slot")),
        "hyperprototype_mean": ("float32", ("community", "slot")),
        "consumer_coverage": ("float64", ("community",)),  # share of members with a vertex in the community
        "day_coverage": ("float64", ("community",)),  # share of all days of all members
        "member_coverage": ("float32", ("member", "community")),  # share of each member's own days
        "drawn_vertex": ("int32", ("drawn",)),  # the vertices that a picture of the graph shows
        "drawn_place": ("float32", ("drawn", "axis")),  # where, from 0 to 1
        "drawn_edge": ("int32", ("drawn_edge", "end")),  # between them, numbered as in drawn_vertex
        "targets": ("int32", ("one",)),  # other members that each prototype was compared with
        "edges": ("int64", ("one",)),
        "disagreement": ("float64", ("one",)),  # of two halves of the sample, in the share of days covered
        "quality": ("float64", ("one",)),
        "trial_resolution": ("float64", ("trial",)),  # what was tried; the last one was taken
        "trial_communities": ("int32", ("trial",)),  # how many large enough to count it gave
    },
)
STABILITY = Layout(
    "crocs-stability",
    2,
    "crocs stability",
    {
        "strength": ("float64", ("draw",)),  # prediction strength of two halves of the consumers
        "days_ari": ("float64", ("one",)),  # of the partitions of every other day and of the rest
        "days_ami": ("float64", ("one",)),
        "days_kappa": ("float64", ("one",)),  # of the rest's days, placed by the centres of the others
        "days_largest": ("float64", ("one",)),  # share of consumers in the largest segment of every other day
        "ari": ("float64", ("sample",)),  # of a subsample's partition with that of all
        "jaccard": ("float64", ("segment",)),  # how well each segment is found again in subsamples
    },
)
ASSIGNMENTS = Layout(
    "crocs-assignments",
    1,
    "crocs assign",
    {
        "consumer_id": ("text", ("consumer",)),
        "label": ("int32", ("consumer",)),  # as in the partition of the model
        "distance": ("float32", ("consumer",)),  # to the centre of that segment
        "runner_up": ("int32", ("consumer",)),  # the next segment; -1: there is one only
        "margin": ("float32", ("consumer",)),  # 1 - distance / the runner-up's distance
        "alike": ("uint8", ("consumer", "segment")),  # 1: as near to it as 98 % of its own members are
    },
)
LOADS = Layout(
    "crocs-loads",
    1,
    "crocs peak",
    {  # of the consumers of one shard
        "date": ("int32", ("day",)),  # days since 1970-01-01
        "consumers": ("int32", ("segment", "day")),  # how many have a profile of the day
        "energy_kwh": ("float64", ("segment", "day", "slot")),  # of all of them together
    },
)
PEAK = Layout(
    "crocs-peak",
    1,
    "crocs peak",
    {
        "consumer_id": ("text", ("consumer",)),
        "label": ("int32", ("consumer",)),  # as in the partition
        "days": ("int32", ("consumer",)),
        "kwh": ("float64", ("consumer",)),  # on all of its days
        "peak_hours": ("float64", ("consumer",)),  # those of the peak hours that lie on its days
        "peak_kwh": ("float64", ("consumer",)),  # in them
        "own_highest_kw": ("float64", ("consumer",)),  # mean of as many of its own highest hours
        "highest_kw": ("float64", ("consumer",)),  # in its highest slot
    },
)
BILLS = Layout(
    "crocs-bills",
    1,
    "crocs bills",
    {  # under one tariff
        "consumer_id": ("text", ("consumer",)),
        "month": ("int32", ("month",)),  # since 1970-01
        "days": ("int32", ("consumer", "month")),  # how many the run has
        "bill": ("int64", ("consumer", "month")),  # in units of the currency's last decimal place
        "energy_kwh": ("float64", ("consumer", "month")),  # what the energy charges are for
        "exported_kwh": ("float64", ("consumer", "month")),
    },
)
FIGURES = Layout(
    "crocs-figures",
    1,
    "crocs paper",
    {
        "series": ("text", ("figure",)),  # which curve
        "at": ("float64", ("figure",)),  # where on its axis
        "value": ("float64", ("figure",)),
    },
)
MOVES = Layout("crocs-moves", 0, "crocs compare", {}, since="run `crocs compare`, which shows what moved")

LAYOUTS = {
    layout.format: layout
    for layout in (
        PROFILES,
        TRUTH,
        RLS,
        WSMD,
        DENDROGRAM,
        FOOTPRINT,
        VECTORS,
        PARTITION,
        SAMPLED,
        RRLS,
        STABILITY,
        ASSIGNMENTS,
        LOADS,
        PEAK,
        BILLS,
        FIGURES,
    )
}
GONE = {MOVES.format: MOVES}
