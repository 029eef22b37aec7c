"""The methods that CROCS is compared with, one a file.

A one-stage method turns every consumer's days into numbers; a two-stage one clusters days first. All take the
days of n consumers on the same p calendar days as profiles (n, p, slots), normalised.
"""
