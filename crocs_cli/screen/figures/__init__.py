"""The figures of the paper and a few more."""
