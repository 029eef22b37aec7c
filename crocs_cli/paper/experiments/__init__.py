"""The paper's experiments, one a file; each holds an `EXPERIMENT`."""
