"""Crocs broken on purpose: one file for each promise, run whole by `make torture`, in a short form by pytest.

Every file has a PROMISE, a sentence on HOW it is tested, SHORT and LONG numbers of cases, and a function
`torture(cases, folder)` that returns a Tally. All that is random is seeded.
"""
