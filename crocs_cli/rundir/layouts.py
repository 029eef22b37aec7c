"""The specification of every HDF5 file of a run, for writer, reader, tests and the guide."""

from __future__ import annotations

from crocs_cli.machine.layout import Layout, Offsets

DATE = "days since 1970-01-01"
UNITS = {"energy_kwh": "kWh", "mean_daily_kwh": "kWh", "date": DATE, "medoid_date": DATE}
SPANS = {"slot": (24.0, "h", "hours after midnight at which the slot begins")}

PROFILES = Layout(
    "crocs-profiles",
    1,
    "crocs ingest",
    {
        "consumer_id": ("text", ("consumer",)),
        "day_offset": (
            "int64",
            (Offsets("consumer"),),
        ),
        "date": ("int32", ("day",)),
        "energy_kwh": ("float32", ("day", "slot")),
        "meter_id": ("text", ("meter",)),
        "quality": ("int64", ("meter", "count")),
    },
    notes={
        "consumer_id": "the consumer's id",
        "day_offset": "consumer c owns the days day_offset[c] to day_offset[c+1] - 1",
        "date": "days since 1970-01-01, local calendar",
        "energy_kwh": "kWh in each slot; the first slot begins at 00:00",
        "meter_id": "every meter that was read, also those without a usable day",
        "quality": "counts of each meter, in the order of the columns of `quality.csv`",
    },
    units=UNITS,
    spans=SPANS,
)
TRUTH = Layout(
    "crocs-truth",
    1,
    "crocs synth",
    {
        "consumer_id": ("text", ("consumer",)),
        "cluster": ("int32", ("consumer",)),
        "day_offset": ("int64", (Offsets("consumer"),)),
        "shape": ("int32", ("day",)),
    },
    notes={
        "consumer_id": "the consumer's id",
        "cluster": "its true cluster; -1: an outlier consumer",
        "day_offset": "as in `crocs-profiles`",
        "shape": "the shape of each day; -1: an outlier day",
    },
)
RLS = Layout(
    "crocs-rls",
    2,
    "crocs stage1",
    {
        "consumer_id": ("text", ("consumer",)),
        "prototype_offset": ("int64", (Offsets("consumer"),)),
        "medoid": ("float32", ("prototype", "slot")),
        "mean": ("float32", ("prototype", "slot")),
        "days": ("int32", ("prototype",)),
        "medoid_date": ("int32", ("prototype",)),
        "mean_daily_kwh": ("float32", ("consumer",)),
        "day_offset": ("int64", (Offsets("consumer"),)),
        "date": ("int32", ("day",)),
        "day_prototype": ("int32", ("day",)),
    },
    notes={
        "consumer_id": "the consumer's id",
        "prototype_offset": "consumer c owns the prototypes prototype_offset[c] to prototype_offset[c+1] - 1",
        "medoid": "the normalised day that is most like all others that the prototype stands for",
        "mean": "the mean of the normalised days that the prototype stands for",
        "days": "how many days the prototype stands for",
        "medoid_date": "date of the medoid, days since 1970-01-01",
        "mean_daily_kwh": "mean kWh a day",
        "day_offset": "as in `crocs-profiles`",
        "date": "days since 1970-01-01, local calendar",
        "day_prototype": "which of its consumer's prototypes stands for the day, from 0 on",
    },
    units=UNITS,
    spans=SPANS,
)
WSMD = Layout(
    "crocs-wsmd",
    1,
    "crocs stage2",
    {"distance": ("float32", ("row", "column"))},
    notes={
        "distance": "distances between two blocks of consumers; a tile on the diagonal is symmetric",
    },
)
DENDROGRAM = Layout(
    "crocs-dendrogram",
    1,
    "crocs stage2",
    {"merges": ("float64", ("merge", "merge_field"))},
    notes={
        "merges": "the merges of Ward's hierarchy, as scipy's linkage has them",
    },
)
FOOTPRINT = Layout(
    "crocs-footprint",
    1,
    "crocs stage2",
    {
        "landmarks": ("float32", ("landmark", "slot")),
        "centre": ("float32", ("slot",)),
        "whitening": ("float64", ("feature", "landmark")),
        "mean": ("float64", ("feature",)),
        "radius": ("float64", ("one",)),
        "components": ("float64", ("component", "feature")),
        "origin": ("float64", ("component",)),
    },
    notes={
        "landmarks": "days that all others are compared with",
        "centre": "mean of the landmarks",
        "whitening": "turns the kernel of a day with the landmarks into features",
        "mean": "mean of the features",
        "radius": "length to which longer vectors are shortened",
        "components": "turns features into the numbers of a vector",
        "origin": "what is taken from every vector",
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
    notes={
        "consumer_id": "the consumer's id",
        "vector": "its vector",
    },
)
PARTITION = Layout(
    "crocs-partition",
    2,
    "crocs stage2",
    {
        "consumer_id": ("text", ("consumer",)),
        "label": ("int32", ("consumer",)),
        "medoid": ("int32", ("segment",)),
        "silhouette": ("float32", ("one",)),
        "dunn": ("float32", ("one",)),
        "davies_bouldin": ("float32", ("one",)),
        "calinski_harabasz": ("float32", ("one",)),
    },
    notes={
        "consumer_id": "the consumer's id",
        "label": "its segment; 0 is the largest",
        "medoid": "index of the consumer that is the centre of the segment",
        "silhouette": "mean silhouette",
        "dunn": "Dunn index",
        "davies_bouldin": "Davies-Bouldin index by medoids",
        "calinski_harabasz": "Calinski-Harabasz index from distances",
    },
)
SAMPLED = Layout(
    "crocs-sampled",
    2,
    "crocs stage2",
    {
        "consumer_id": ("text", ("consumer",)),
        "clustered": ("bool", ("consumer",)),
        "distance": ("float32", ("consumer",)),
        "runner_up": ("int32", ("consumer",)),
    },
    notes={
        "consumer_id": "the consumer's id",
        "clustered": "true: in the sample; the others were assigned to its segments",
        "distance": "distance to the centre of the consumer's segment",
        "runner_up": "the next segment; -1: there is only one",
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
        "vertex_community": ("int32", ("vertex",)),
        "hyperprototype_medoid": ("float32", ("community", "slot")),
        "hyperprototype_mean": ("float32", ("community", "slot")),
        "consumer_coverage": ("float64", ("community",)),
        "day_coverage": ("float64", ("community",)),
        "member_coverage": ("float32", ("member", "community")),
        "drawn_vertex": ("int32", ("drawn",)),
        "drawn_place": ("float32", ("drawn", "axis")),
        "drawn_edge": ("int32", ("drawn_edge", "end")),
        "targets": ("int32", ("one",)),
        "edges": ("int64", ("one",)),
        "disagreement": ("float64", ("one",)),
        "quality": ("float64", ("one",)),
        "trial_resolution": ("float64", ("trial",)),
        "trial_communities": ("int32", ("trial",)),
    },
    notes={
        "consumer_id": "id of each member of the segment",
        "vertex_member": "the member that a prototype belongs to; every prototype is a vertex of the graph",
        "vertex_days": "how many days the prototype stands for",
        "vertex_community": "its behaviour; 0 covers the most days; -1: too small to count",
        "hyperprototype_medoid": "the prototype that is most like all others of the behaviour",
        "hyperprototype_mean": "the mean of its prototypes, by days",
        "consumer_coverage": "share of the members that show the behaviour",
        "day_coverage": "share of all days of all members",
        "member_coverage": "share of each member's own days",
        "drawn_vertex": "the vertices that a picture of the graph shows",
        "drawn_place": "where they are in it, from 0 to 1",
        "drawn_edge": "edges between them, numbered as in drawn_vertex",
        "targets": "other members that each prototype was compared with",
        "edges": "edges of the graph",
        "disagreement": "of two halves of the sample, in the share of days covered",
        "quality": "quality of the division into communities",
        "trial_resolution": "resolutions that were tried; the last one was taken",
        "trial_communities": "how many communities large enough to count each gave",
    },
)
STABILITY = Layout(
    "crocs-stability",
    2,
    "crocs stability",
    {
        "strength": ("float64", ("draw",)),
        "days_ari": ("float64", ("one",)),
        "days_ami": ("float64", ("one",)),
        "days_kappa": ("float64", ("one",)),
        "days_largest": ("float64", ("one",)),
        "ari": ("float64", ("sample",)),
        "jaccard": ("float64", ("segment",)),
    },
    notes={
        "strength": "prediction strength of two halves of the consumers",
        "days_ari": "ARI of the partitions of every other day and of the rest",
        "days_ami": "AMI of the same",
        "days_kappa": "kappa of the rest's days, placed by the centres of the others",
        "days_largest": "share of the consumers in the largest segment of every other day",
        "ari": "ARI of a subsample's partition with that of all",
        "jaccard": "how well each segment is found again in subsamples",
    },
)
ASSIGNMENTS = Layout(
    "crocs-assignments",
    1,
    "crocs assign",
    {
        "consumer_id": ("text", ("consumer",)),
        "label": ("int32", ("consumer",)),
        "distance": ("float32", ("consumer",)),
        "runner_up": ("int32", ("consumer",)),
        "margin": ("float32", ("consumer",)),
        "alike": ("uint8", ("consumer", "segment")),
    },
    notes={
        "consumer_id": "the new consumer's id",
        "label": "its segment, as in the partition of the model",
        "distance": "distance to the centre of that segment",
        "runner_up": "the next segment; -1: there is only one",
        "margin": "1 - distance / the distance of the runner-up",
        "alike": "1: as near to the segment as 98 % of its own members are",
    },
)
USES = Layout(
    "crocs-uses",
    1,
    "crocs target",
    {
        "consumer_id": ("text", ("consumer",)),
        "day_offset": ("int64", (Offsets("consumer"),)),
        "date": ("int32", ("day",)),
        "kw": ("float32", ("day",)),
        "behaviour": ("int32", ("day",)),
        "major_coverage": ("float64", ("consumer",)),
        "mean_daily_kwh": ("float64", ("consumer",)),
    },
    notes={
        "consumer_id": "the consumer's id",
        "day_offset": "as in `crocs-profiles`",
        "date": "days since 1970-01-01, local calendar",
        "kw": "mean kW of the day in the window",
        "behaviour": "of the consumer's segment, that the day shows; -1: none",
        "major_coverage": "share of the consumer's days in major behaviours",
        "mean_daily_kwh": "mean kWh a day",
    },
)
LOADS = Layout(
    "crocs-loads",
    1,
    "crocs peak",
    {
        "date": ("int32", ("day",)),
        "consumers": ("int32", ("segment", "day")),
        "energy_kwh": ("float64", ("segment", "day", "slot")),
    },
    notes={
        "date": "days since 1970-01-01, local calendar",
        "consumers": "how many consumers of the shard have a profile of the day",
        "energy_kwh": "kWh in each slot of all of them together",
    },
)
PEAK = Layout(
    "crocs-peak",
    1,
    "crocs peak",
    {
        "consumer_id": ("text", ("consumer",)),
        "label": ("int32", ("consumer",)),
        "days": ("int32", ("consumer",)),
        "kwh": ("float64", ("consumer",)),
        "peak_hours": ("float64", ("consumer",)),
        "peak_kwh": ("float64", ("consumer",)),
        "own_highest_kw": ("float64", ("consumer",)),
        "highest_kw": ("float64", ("consumer",)),
    },
    notes={
        "consumer_id": "the consumer's id",
        "label": "its segment; 0 is the largest",
        "days": "how many days of it the run has",
        "kwh": "its kWh on all of its days",
        "peak_hours": "those of the peak hours that lie on its days",
        "peak_kwh": "its kWh in them",
        "own_highest_kw": "mean kW of as many of its own highest hours",
        "highest_kw": "kW in its highest slot",
    },
)
BILLS = Layout(
    "crocs-bills",
    1,
    "crocs bills",
    {
        "consumer_id": ("text", ("consumer",)),
        "month": ("int32", ("month",)),
        "days": ("int32", ("consumer", "month")),
        "bill": ("int64", ("consumer", "month")),
        "energy_kwh": ("float64", ("consumer", "month")),
        "exported_kwh": ("float64", ("consumer", "month")),
    },
    notes={
        "consumer_id": "the consumer's id",
        "month": "months since 1970-01",
        "days": "how many days of the month the run has",
        "bill": "under one tariff, in units of the currency's last decimal place",
        "energy_kwh": "kWh that the energy charges are for",
        "exported_kwh": "kWh that were fed in",
    },
)
FIGURES = Layout(
    "crocs-figures",
    1,
    "crocs paper",
    {
        "series": ("text", ("figure",)),
        "at": ("float64", ("figure",)),
        "value": ("float64", ("figure",)),
    },
    notes={
        "series": "which curve",
        "at": "where on its axis",
        "value": "the value there",
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
        USES,
        LOADS,
        PEAK,
        BILLS,
        FIGURES,
    )
}
GONE = {MOVES.format: MOVES}
