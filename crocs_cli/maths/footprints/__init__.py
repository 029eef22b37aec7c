"""Footprints: a vector for each consumer, from all of its days, so that no pairs need be compared."""
