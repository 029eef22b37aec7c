"""The one kind of error that a user can mend."""


class CrocsError(Exception):
    """What is wrong and what to do, in one line that names the place."""
