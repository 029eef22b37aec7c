"""Draw the figures of the paper and a few more."""
