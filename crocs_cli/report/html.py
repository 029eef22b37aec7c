"""The environment of page templates: text is escaped, and undefined names are errors."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment() -> Environment:
    """Return the environment of the package's templates; each is named with its folder."""
    return Environment(
        loader=PackageLoader("crocs_cli", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
