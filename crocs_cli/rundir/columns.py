"""The specification of every table that `crocs export` writes: its columns, and what they hold."""

from __future__ import annotations

NAME = "the segment's name: the user's, or how much and when its mean day uses most"
COLUMNS = {
    "consumers": {
        "consumer_id": "the consumer's id, as text",
        "cluster": "its segment; 1 is the largest",
        "segment_name": NAME,
    },
    "segments": {
        "cluster": "the segment; 1 is the largest",
        "consumers": "how many consumers it has",
        "consumer_share": "their share of all consumers, 0 to 1",
        "days": "how many days of theirs were used",
        "energy_share": "their share of all energy on the days used, 0 to 1",
        "mean_daily_kwh": "mean over its consumers of their kWh a day",
        "segment_name": NAME,
    },
    "hyperprototypes": {
        "cluster": "the segment",
        "behaviour": "the behaviour that its members share; 1 covers the most days",
        "kind": "medoid: the day most like all others; mean: the mean of the days",
        "hour": "when the reading begins, in hours after midnight",
        "value": "normalised use",
    },
    "coverage": {
        "cluster": "the segment",
        "behaviour": "the behaviour",
        "consumer_coverage": "share of its consumers that have such days, 0 to 1",
        "day_coverage": "share of its days that are such, 0 to 1",
        "segment_name": NAME,
    },
    "consumer-coverage": {
        "consumer_id": "the consumer's id, as text",
        "cluster": "its segment",
        "behaviour": "the behaviour",
        "day_share": "share of the consumer's days that are such, 0 to 1",
    },
    "day-labels": {
        "consumer_id": "the consumer's id, as text",
        "date": "the day, local calendar",
        "prototype": "which of the consumer's prototypes stands for it, from 1 on",
        "cluster": "the consumer's segment",
        "behaviour": "which of the segment's behaviours it shows; empty for none, or before `crocs rrls`",
    },
    "mean-days": {
        "cluster": "the segment",
        "hour": "when the reading begins, in hours after midnight",
        "mean_kwh": "mean over its consumers of their mean day, in kWh a slot",
        "others_mean_kwh": "the same of all other consumers; empty where there are none",
        "peak_share": "share of its days whose maximum is in the slot, 0 to 1",
        "others_peak_share": "the same of all other consumers",
        "in_peak_window": "true: in the time in which its mean day uses most, as its name says",
        "segment_name": NAME,
    },
    "profiles": {
        "consumer_id": "the consumer's id, as text",
        "date": "the day, local calendar",
        "t0000": "kWh in the slot that begins at 00:00; likewise the other slots",
    },
    "distances": {
        "first": "id of a consumer, as text",
        "second": "id of one that comes later in the order of `consumers`",
        "distance": "distance between their load sets, as stage 2 compares them",
    },
    "rls": {
        "consumer_id": "the consumer's id, as text",
        "prototype": "which of its prototypes, from 1 on",
        "days": "how many of its days the prototype stands for",
        "medoid_date": "the day that is the medoid",
        "kind": "medoid: the day most like all others that the prototype stands for; mean: their mean",
        "t0000": "normalised use in the slot that begins at 00:00; likewise the other slots",
    },
    "dendrogram": {
        "merge": "number of the merge, from 1 on",
        "first": "what is joined: consumer 0 .. m-1 in the order of `consumers`, or m-1 + an earlier merge",
        "second": "what it is joined with",
        "height": "distance at which they are joined",
        "consumers": "how many consumers are together then",
    },
    "indices": {
        "clusters": "number of segments",
        "silhouette": "mean silhouette, -1 to 1; higher is better",
        "dunn": "Dunn index; higher is better",
        "davies_bouldin": "Davies-Bouldin index by medoids; lower is better",
        "calinski_harabasz": "Calinski-Harabasz index from distances; higher is better",
    },
    "assignments": {
        "consumer_id": "the new consumer's id, as text",
        "cluster": "the nearest segment of the model",
        "distance": "distance to that segment's centre",
        "runner_up": "the next segment; empty where there is one only",
        "margin": "how much nearer the segment is than the runner-up, as a share of the latter's distance",
        "unlike_all": "true: farther from every segment than 98 % of its own members with as many days",
        "segment_name": NAME,
    },
}
