"""Make the picture of the README again: `python -m tests.picture`, with chromium on this machine.

It is the beginning of the report on the run of the tutorial.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from crocs_cli.stages.guide import FOLDER
from tests import guides
from tests.conftest import ROOT

PICTURE = ROOT / ".github" / "report.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT, COLOURS = 1100, 1500, 64


def photograph(page: Path, picture: Path) -> None:
    """Write what a browser shows of a page, in few colours so that the file is small."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"the picture needs one of {', '.join(BROWSERS)}; install one")
    shot = page.with_name("shot.png")
    size = f"--window-size={WIDTH},{HEIGHT}"
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", size, f"--screenshot={shot}")
    subprocess.run([browser, *flags, page.as_uri()], check=True, capture_output=True, timeout=120)
    with Image.open(shot) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(picture, optimize=True)


def main() -> None:
    """Follow the tutorial in a folder of its own, and photograph its report."""
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
