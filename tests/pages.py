"""What a real browser shows of a page: at a desk, on a phone and in print, as faults and as pictures.

`python -m tests.pages OUT PAGE...` writes a picture of each page at each width into the folder OUT, and
prints the faults.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

#: CSS pixels; print is A4 less the margins of 14 mm of page.css
WIDTHS = {"desk": 1280, "phone": 390, "print": 688}
HEIGHT = 900
SERIOUS = ("serious", "critical")  # axe's own words; the rest are minor and moderate
UNFOLD = "() => document.querySelectorAll('details').forEach(each => each.open = true)"
LAYOUT = (Path(__file__).parent / "pages.js").read_text()


def at_each_width(template: str) -> Callable[[Callable], Callable]:
    """Return a mark for the test of a page of this template: a real browser shows it at each width."""

    def marked(test: Callable) -> Callable:
        return pytest.mark.engine(pytest.mark.parametrize("width", WIDTHS)(test))

    return marked


def chromium() -> str | None:
    """Return the path of the browser, if there is one."""
    return shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def started() -> Iterator[Browser]:
    """Start the browser; end it with the context."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def shown(
    browser: Browser, path: Path, width: str, scripts: bool = False
) -> Iterator[tuple[Page, list[str]]]:
    """Show a page at one of WIDTHS; yield it and the list of what it asks for and complains of.

    scripts False: as a browser shows it whose user has turned scripts off.
    """
    context = browser.new_context(
        java_script_enabled=scripts, viewport={"width": WIDTHS[width], "height": HEIGHT}
    )
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(f"complains: {message.text[:150]}"))
    page.on("request", lambda request: said.append(f"asks for {request.url}"))
    page.emulate_media(media="print" if width == "print" else "screen", reduced_motion="reduce")
    page.goto(path.resolve().as_uri())
    del said[:1]  # the page itself
    yield page, said
    context.close()


def faults(browser: Browser, path: Path, width: str) -> list[str]:
    """Return what is wrong with a page at one of WIDTHS, folded and unfolded, without its scripts.

    Text that is cut off, overlaps other text or is too small to read, whatever is wider than the page, links
    that lead nowhere, whatever the page loads or complains of, and serious faults of accessibility.
    """
    with shown(browser, path, width) as (page, said):
        found = page.evaluate(LAYOUT)
        page.evaluate(UNFOLD)
        found += [f"unfolded: {fault}" for fault in page.evaluate(LAYOUT) if fault not in found]
        found += [f"{link}: leads nowhere" for link in links(page) if not leads(page, path, link)]
        found += said
    if width == "print":
        return found
    with shown(browser, path, width, scripts=True) as (page, _):
        page.evaluate(UNFOLD)
        return found + inaccessible(page)


def links(page: Page) -> list[str]:
    """Return where the links of a page lead, each once."""
    return sorted(set(page.evaluate("[...document.links].map(link => link.getAttribute('href'))")))


def leads(page: Page, path: Path, link: str) -> bool:
    """Tell whether a link leads to a place in the page or to a file that is there."""
    place, _, name = unquote(link).partition("#")
    if place:
        return (path.parent / place).exists()
    return bool(page.evaluate("name => document.getElementById(name) !== null", name))


def inaccessible(page: Page) -> list[str]:
    """Return the serious faults that axe finds in what is shown, each with the first element that has it."""
    violations = Axe().run(page).response["violations"]
    return [
        f"axe: {fault['id']}, {fault['impact']}: {fault['help']}; {len(fault['nodes'])} times, first in "
        f"{fault['nodes'][0]['html'][:200]}"
        for fault in violations
        if fault["impact"] in SERIOUS
    ]


def main(out: Path, paths: list[Path]) -> None:
    """Write the pictures of pages, folded, the first screen only, and unfolded; print heights and faults."""
    out.mkdir(parents=True, exist_ok=True)
    with started() as browser:
        for path in paths:
            name = "-".join(path.resolve().with_suffix("").parts[-3:])
            for width in WIDTHS:
                with shown(browser, path, width) as (page, _):
                    height = page.evaluate("document.documentElement.scrollHeight")
                    page.screenshot(path=out / f"{name}-{width}-first.png")
                    page.screenshot(path=out / f"{name}-{width}.png", full_page=True)
                    page.evaluate(UNFOLD)
                    page.screenshot(path=out / f"{name}-{width}-open.png", full_page=True)
                print(f"{out}/{name}-{width}.png: {height} px high, folded")
                for fault in faults(browser, path, width):
                    print(f"  {fault}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(path) for path in sys.argv[2:]])
