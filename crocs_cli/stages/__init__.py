"""The commands: each computes the arrays of an output file from its key."""
