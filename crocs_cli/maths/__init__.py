"""Arrays in, arrays out: no files, no click, no MPI, no logging.

The rooms, each building on those before: readings, distances, ward, clustering, behaviours, sequences,
segments, synthetic.
"""
