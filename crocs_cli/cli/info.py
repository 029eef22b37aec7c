"""`crocs info`."""

from pathlib import Path

import click


@click.command("info")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(file: Path, as_json: bool) -> None:
    """Describe a file that crocs made.

    Reads FILE whole, and so finds damage too. Writes nothing.

    \b
    Examples:
      crocs info runs/first/partitions/5.h5
      crocs info --json runs/first/rls/00000.h5
    """
    from crocs_cli.machine import files
    from crocs_cli.machine.plain import json_text
    from crocs_cli.rundir.layouts import GONE, LAYOUTS
    from crocs_cli.screen.layouts import LAYOUTS as OF_SCREENING

    layout = files.layout_of(file, LAYOUTS | OF_SCREENING | GONE)
    arrays = files.read(file, layout)
    made_by = files.read_made_by(file, layout)
    shapes = {name: list(array.shape) for name, array in arrays.items()}
    if as_json:
        described = {"format": layout.format, "version": layout.version, "made-by": made_by, "shapes": shapes}
        click.echo(json_text(described))
        return
    click.echo(
        f"{layout.format} version {layout.version}, made by crocs {made_by['crocs']} {made_by['command']}"
    )
    for name, (dtype, axes) in layout.arrays.items():
        extent = ", ".join(f"{axis} {length}" for axis, length in zip(axes, shapes[name], strict=True))
        click.echo(f"  {name:24s} {dtype:8s} {extent}")
    for key, value in made_by["settings"].items():
        click.echo(f"  {key}: {value}")
