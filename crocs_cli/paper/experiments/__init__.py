"""The paper's experiments, one a file; each holds an `EXPERIMENT`."""

from __future__ import annotations

import importlib

from crocs_cli.paper.experiment import Experiment

#: in the order of the paper, then the next checks of its summary, then what goes beyond it
NAMES = (
    "k-sensitivity",
    "representations",
    "set-distances",
    "asynchrony",
    "markov",
    "baselines",
    "scaling",
    "application",
    "outlier-stress",
    "resolution",
    "mixed",
    "reliability",
)


def experiment(name: str) -> Experiment:
    """Load one experiment."""
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}").EXPERIMENT
