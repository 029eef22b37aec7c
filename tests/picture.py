"""Make the picture of the README again: `python -m tests.picture`, with the browser of the tests.

It is the beginning of the report on the run of the tutorial.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

from crocs_cli.stages.guide import FOLDER
from tests import guides, pages
from tests.conftest import ROOT

PICTURE = ROOT / ".github" / "report.png"
WIDTH, HEIGHT, COLOURS = 1280, 900, 256


def photograph(page: Path, picture: Path) -> None:
    """Write the first screen of a page, in few colours so that the file is small."""
    with pages.started() as browser:
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        tab.goto(page.as_uri())
        shot = tab.screenshot()
    with Image.open(BytesIO(shot)) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(picture, optimize=True)


def main() -> None:
    """Follow the tutorial in a folder of its own up to its report, and photograph that."""
    with tempfile.TemporaryDirectory() as name:
        commands = [c for b in guides.blocks(FOLDER / "tutorial.md") if b.runs for c, _ in b.commands()]
        for command in commands[
            : 1 + next(i for i, c in enumerate(commands) if c.startswith("crocs report"))
        ]:
            call = [sys.executable, "-m", *command.replace("crocs", "crocs_cli", 1).split()]
            done = subprocess.run(call, cwd=name, check=True, stdout=subprocess.PIPE, text=True)
        photograph(Path(name) / done.stdout.strip(), PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
