"""DCP: the prototype of a consumer's most populated cluster."""

import numpy as np

from crocs_cli.maths.distances.loadsets import LoadSets


def dominant_profiles(sets: LoadSets) -> np.ndarray:
    """Return the prototype with the most days of every consumer, the first of equals: (n, slots).

    Source: paper section 2.2, after its reference [103].
    """
    consumer = np.repeat(np.arange(len(sets)), sets.sizes())
    order = np.lexsort((np.arange(len(consumer)), -sets.days, consumer))
    return sets.prototypes[order[sets.offset[:-1]]]
