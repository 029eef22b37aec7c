"""Files that submit a whole run to Slurm: a script for each step, with its needs, and one for all."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine.files import write_bytes
from crocs_cli.machine.memory import GIB
from crocs_cli.machine.shipped import shipped
from crocs_cli.rundir import memory
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import (
    IngestSettings,
    RrlsSettings,
    SlurmSettings,
    StabilitySettings,
    Stage1Settings,
    Stage2Settings,
    SynthSettings,
)
from crocs_cli.stages import plan

USUAL_ARRAY = 1000  # tasks that an array may have where Slurm's MaxArraySize is the usual 1001
ASKED_WITHIN_S = 20
PICTURES_GB = 0.25  # of what a report loads besides load sets: what draws its figures
PURPOSES = {
    "ingest": "Read the meter files.",
    "synth": "Make a synthetic population.",
    "stage1": "Stage 1 as an array: every task makes its share of the load sets.",
    "stage2": "Stage 2 as an array: every task makes its share of the distances.",
    "partition": "The segments, once all distances are there.",
    "stability": "How far the segments can be trusted.",
    "rrls": "The behaviours as an array: every task explains its share of the segments.",
    "report": "The page that shows the run.",
}
ARRAYS = ("stage1", "stage2")  # of as many tasks as there are files to make, if not fewer
ODD = re.compile(r"[\"\\\n%]")  # in a path that stands in a line of #SBATCH


@dataclass(frozen=True)
class Chain:
    """The work of a settings file: where the file is, its sections, and those that sizes depend on.

    source: that which says where profiles come from; None where they are there.
    """

    config: Path
    sections: frozenset[str]
    source: IngestSettings | SynthSettings | None
    stage1: Stage1Settings
    stage2: Stage2Settings
    rrls: RrlsSettings
    stability: StabilitySettings

    def steps(self) -> list[str]:
        """Return the steps in order, as `crocs run` has them, with the partition by itself."""
        optional = {"ingest", "synth", "stability"} - self.sections
        return [name for name in PURPOSES if name not in optional]


@dataclass(frozen=True)
class Job:
    """What is asked of Slurm for a step: tasks of an array or ranks; cores, memory and minutes of each."""

    name: str
    tasks: int
    ranks: int
    cores: int
    memory_mb: int
    minutes: int

    def __str__(self) -> str:
        kind = f"{self.ranks} nodes" if self.ranks > 1 else f"{self.tasks} task{'s' * (self.tasks > 1)}"
        return f"{self.name:9s} {kind} of {self.cores} cores, {self.memory_mb} MB, at most {self.minutes} min"


def run(run: Run, settings: SlurmSettings, chain: Chain, folder: Path) -> list[Job]:
    """Write FOLDER/STEP.sbatch for every step, task.sh, submit.sh and environment.sh; return the jobs.

    environment.sh is left alone where it is there: the user fills it in. Raises CrocsError where the run
    fits neither a node nor the nodes that may share it.
    """
    folder, here = folder.absolute(), Path.cwd()
    if odd := next((path for path in map(str, (folder, here)) if ODD.search(path)), None):
        raise CallError(f"{odd}: Slurm cannot take this name; use a directory without quotes, \\ and %")
    jobs = jobs_of(run, settings, chain)
    most = settings.max_array or largest_array()
    words = _environment()
    common = {
        **settings.model_dump(include={"account", "partition", "modules"}),
        "folder": str(folder),
        "here": str(here),
        "run": str(run.path.absolute()),
        "crocs": _crocs(),
    }
    for job in jobs:
        command = "stage2" if job.name == "partition" else job.name
        call = f"{command} -c {shlex.quote(str(chain.config.absolute()))} --run {shlex.quote(common['run'])}"
        text = words.get_template("job.sbatch.jinja").render(
            **common, **vars(job), command=call, purpose=PURPOSES[job.name]
        )
        write_bytes(folder / f"{job.name}.sbatch", text.encode())
    arrays = [(job.name, parts_of(job.tasks, most)) for job in jobs]
    shares = max(job.tasks for job in jobs)
    text = words.get_template("submit.sh.jinja").render(**common, arrays=arrays, shares=shares)
    write_bytes(folder / "submit.sh", text.encode())
    write_bytes(folder / "task.sh", (shipped("slurm") / "task.sh").read_bytes())
    if not (folder / "environment.sh").exists():
        text = words.get_template("environment.sh.jinja").render(**common)
        write_bytes(folder / "environment.sh", text.encode())
    (folder / "logs").mkdir(exist_ok=True)
    return jobs


def jobs_of(run: Run, settings: SlurmSettings, chain: Chain) -> list[Job]:
    """Return what is asked of Slurm for each step of a chain."""
    if chain.source is None and not (run / "profiles").is_dir():
        raise CrocsError(
            f"{chain.config}: no `ingest:` section, and {run}/profiles is not there; "
            "add the section, or run `crocs ingest` first"
        )
    needed = _needs(run, sized(settings, chain), chain)
    jobs = []
    for name in chain.steps():
        step = needed.get(name) or plan.Step(name, needed["assign"].memory_gb + PICTURES_GB)
        tasks, ranks = step.tasks if name in ARRAYS else 1, 1
        if name == "stage2":
            tasks = max(2, tasks)  # one that did all of it would make the partition too, which needs more
        elif name == "partition":
            ranks = step.tasks
        elif name == "rrls":
            tasks = min(chain.rrls.clusters, settings.tasks)
        cores = settings.cores if step.cores is None else step.cores // step.tasks
        hours = settings.hours / plan.RESERVE if step.hours is None else step.hours
        jobs.append(Job(name, tasks, ranks, cores, *plan.asked(hours, step.memory_gb)))
    return jobs


def sized(settings: SlurmSettings, chain: Chain) -> SlurmSettings:
    """Return settings with what the settings file says of the sizes, where nothing else was given."""
    one, two, source = chain.stage1, chain.stage2, chain.source
    said: dict[str, object] = {} if source is None else {"shard_size": source.shard_size}
    if isinstance(source, SynthSettings):
        said |= {"consumers": source.consumers, "days": source.days}
    said |= {
        "prototypes": one.auto_range[1] if one.prototypes == "auto" else one.prototypes,
        "algorithm": two.algorithm,
        "sample": two.sample,
    }
    given = settings.model_fields_set
    return settings.model_copy(update={name: value for name, value in said.items() if name not in given})


def _needs(run: Run, settings: SlurmSettings, chain: Chain) -> dict[str, plan.Step]:
    """Return the needs of each step by its name; the time is not tried where no pairs are compared."""
    sizes = plan.measured(run, settings)
    m = sizes.consumers or 1
    if chain.stage2.distance == "footprint":
        tasks = max(1, min(sizes.tasks, -(-m // sizes.shard_size)))
        size = plan.peaks(m, sizes)
        size |= dict.fromkeys(("stage2", "partition"), size["footprint"])
        steps = [plan.Step(name, peak / GIB) for name, peak in size.items()]
        steps = [replace(step, tasks=tasks) if step.name in ARRAYS else step for step in steps]
    else:
        steps = plan.run(run, sizes)
    found = {step.name: step for step in steps}
    before_it_reads = memory.ingest() / GIB  # what ingest must have, however little there is to read
    found["ingest"] = replace(found["ingest"], memory_gb=max(found["ingest"].memory_gb, before_it_reads))
    file = memory.profiles(min(m, sizes.shard_size), sizes.days, sizes.slots)
    found["stability"] = plan.Step("stability", memory.stability(chain.stability.consumers, file) / GIB)
    return found


def parts_of(tasks: int, most: int) -> list[int]:
    """Return the sizes of the arrays that make up so many tasks; [0] for a single task without an array."""
    if tasks == 1:
        return [0]
    return [min(most, tasks - first) for first in range(0, tasks, most)]


def largest_array() -> int:
    """Return how many tasks an array of the Slurm here may have; the usual number where it does not say."""
    scontrol = shutil.which("scontrol")
    if scontrol is None:
        return USUAL_ARRAY
    call = [scontrol, "show", "config"]
    try:
        said = subprocess.run(
            call, capture_output=True, text=True, timeout=ASKED_WITHIN_S, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return USUAL_ARRAY
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", said, re.MULTILINE)
    return max(1, int(found[1]) - 1) if found else USUAL_ARRAY


def _crocs() -> str:
    """Return the program to call in jobs: that of this environment, else the one that is found then."""
    beside = Path(sys.executable).with_name("crocs")
    return str(beside) if beside.exists() else "crocs"


def _environment() -> Environment:
    words = Environment(
        loader=FileSystemLoader(shipped("slurm")),
        autoescape=False,  # scripts; what is filled in is quoted
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    words.filters["quoted"] = shlex.quote
    return words


def said(jobs: list[Job], folder: Path) -> Iterator[str]:
    """Yield what a user wants to know of the files."""
    yield from map(str, jobs)
    script = shlex.quote(str(folder / "submit.sh"))
    yield f"fill in {folder / 'environment.sh'}, then submit all: bash {script}"
