"""`crocs guide`."""

import click


@click.command("guide")
@click.argument("topic", required=False)
def command(topic: str | None) -> None:
    """Show a guide, or list the guides.

    Reads a page that came with crocs. Prints the page of TOPIC as Markdown; without a TOPIC, every topic in
    one line.

    \b
    Examples:
      crocs guide
      crocs guide formats
    """
    from crocs_cli.stages import guide

    click.echo("\n".join(guide.listed()) if topic is None else guide.read(topic))
