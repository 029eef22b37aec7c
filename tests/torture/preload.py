"""Loads what is slow to load, in the process from which the tortures fork; it starts no thread."""

import fastcluster
import leidenalg
import pyarrow.csv
import pyarrow.parquet
import sklearn.metrics

from crocs_cli.screen import fit, overview, rank, simulate, tables
from crocs_cli.stages import assign, ingest, rrls, sampled, stability, stage1, stage2, synth

LOADED = (
    *(fastcluster, leidenalg, pyarrow.csv, pyarrow.parquet, sklearn.metrics),
    *(fit, overview, rank, simulate, tables, assign, ingest, rrls, sampled, stability, stage1, stage2, synth),
)
