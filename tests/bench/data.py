"""Synthetic profiles for timing: the paper's shapes, many consumers made from few by noise."""

import numpy as np

from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.synthetic.generator import draw_days

FEW = 40  # consumers drawn from the generator; the rest are these with noise


def profiles(consumers, days, seed=0):
    """Give minmax-normalised profiles (consumers * days, 48) float32, four shapes a consumer."""
    random = np.random.default_rng(seed)
    shapes = random.integers(0, 20, (min(consumers, FEW), 4))
    drawn = np.concatenate([draw_days(random.choice(own, days).astype(np.int32), random) for own in shapes])
    base = drawn.reshape(len(shapes), days, 48)[np.arange(consumers) % len(shapes)].astype(np.float32)
    base += random.normal(0.0, 0.05, base.shape).astype(np.float32)
    low, high = base.min(axis=2, keepdims=True), base.max(axis=2, keepdims=True)
    return ((base - low) / (high - low)).reshape(-1, 48)


def profile_shards(consumers, days, size):
    """Give profiles and day offsets of a shard at a time."""
    for first in range(0, consumers, size):
        number = min(size, consumers - first)
        yield profiles(number, days, first), days * np.arange(number + 1)


def load_sets(consumers, prototypes, seed=0):
    """Give load sets of that many prototypes each, with unequal days."""
    random = np.random.default_rng(seed)
    days = random.integers(1, 20, consumers * prototypes).astype(np.int32)
    offset = prototypes * np.arange(consumers + 1)
    return LoadSets(profiles(consumers, prototypes, seed), days, offset)
