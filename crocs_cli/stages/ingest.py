"""Meter files to daily load profiles: one pass over the files, then one shard after another."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays, Recipe
from crocs_cli.machine.layouts import PROFILES
from crocs_cli.machine.progress import Progress
from crocs_cli.machine.run import recipe, shard_key, shard_products
from crocs_cli.machine.spool import Spool
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product, all_made, bring_up_to_date, is_made
from crocs_cli.maths.assemble import Calendar, Conflict, Days, Rows, Rule, assemble
from crocs_cli.maths.clock import day_lengths_s
from crocs_cli.maths.days import DaysWanted, day_number
from crocs_cli.maths.grid import LAST_DAY, Grid, Seen, flagged
from crocs_cli.maths.quality import COUNTS
from crocs_cli.readers.formats import FORMATS
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.stages.settings import IngestSettings

BIN_METERS = 64  # so many meters' readings are put in order at once
GENERIC = ("long", "wide", "matrix")  # formats whose stamps the user vouches for
LARGEST_COUNT = 1 << 31

log = logging.getLogger("crocs")


def run(run: Path, settings: IngestSettings, team: Team) -> int:
    """Make the shards of profiles and, once all are there, quality.csv; return how many shards there are."""
    settings = by_the_reader(settings)
    paths = input_files(settings.files)
    base = recipe("ingest", "", settings.model_dump(mode="json", by_alias=True, exclude={"files"}), digests(paths))
    parts = parts_there(run / "profiles", base)
    if parts is None or not all(is_made(product) for product in team.part(products(run, base, parts))):
        with Spool(run / "profiles") as spool:
            intake = Intake(settings, spool, wanted_shards(run, base, team))
            intake.take(paths, team.leads)
            parts = -(-len(intake.ids) // settings.shard_size)
            bring_up_to_date(
                products(run, base, parts), lambda product: intake.shard(int(product.key)), team, "ingest"
            )
    made = products(run, base, parts)
    team.wait()
    if team.leads and all_made(made):
        quality = quality_table(made)
        files.write_bytes(run / "quality.csv", quality.encode())
    return parts
