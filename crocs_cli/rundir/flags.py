"""Settings of a file, written as the flags of the command that made it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from crocs_cli.machine.settings import DURATION, duration, flag_name, is_list
from crocs_cli.rundir.settings import SECTIONS, RunSettings


def flags(command: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the flags that give a command, such as `crocs stage1`, settings that are not its defaults.

    settings: as in the recipe of a file. Left out are those that the command names already, groups of
    settings, and lists that came from a file.
    """
    model = SECTIONS.get(command.split()[1], RunSettings)
    known = {
        info.alias or name: info for name, info in (RunSettings.model_fields | model.model_fields).items()
    }
    for name, value in settings.items():
        flag = flag_name((name,))
        if name not in known or flag in command or value is None or isinstance(value, dict):
            continue
        if isinstance(value, list) and not is_list(known[name].annotation):
            continue
        if value == to_jsonable_python(known[name].get_default(call_default_factory=True)):
            continue
        if isinstance(value, bool):
            yield flag if value else f"--no-{flag[2:]}"
        else:
            text = duration(value) if DURATION in known[name].metadata else str(value)
            yield f"{flag} {shlex.quote(','.join(map(str, value)) if isinstance(value, list) else text)}"
