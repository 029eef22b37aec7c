"""The check of pages itself finds each fault that it is for, in a real browser."""

import pytest

from crocs_cli.report import html
from tests import pages
from tests.conftest import ROOT

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Planted</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>{style}
p {{ margin: 1em 0; }}</style></head><body><main><h1>A page to find faults in</h1>
<p id="words">Words that anybody can read, enough of them to fill more than one line of a page.</p>
{body}</main></body></html>"""
TEXT = '<text x="{x}" y="20" font-size="{size}px" fill="#000">{words}</text>'
SVG = '<svg role="img" aria-label="A picture" width="200" height="40" viewBox="0 0 200 40">{}</svg>'


def picture(*texts):
    return SVG.format("".join(TEXT.format(x=x, size=size, words=words) for x, size, words in texts))


def found(browser, tmp_path, body="", style="", width="phone"):
    path = tmp_path / "page.html"
    path.write_text(PAGE.format(body=body, style=style))
    return pages.faults(browser, path, width)


LINKS = '<p><a href="#words">Words</a> <a href="page.html">This</a></p>'
GOOD = picture((5, 12, "one"), (100, 12, "two")) + LINKS
HEARD = "position: absolute; width: 1px; height: 1px; overflow: hidden; white-space: nowrap"
SCROLLER = '<div tabindex="0" role="region" aria-label="Wide" style="overflow-x: auto">{}</div>'
WIDE = '<p style="width: 900px">Wide as it is</p>'


@pytest.mark.engine
@pytest.mark.parametrize("width", pages.WIDTHS)
@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        f"<details><summary>More</summary>{GOOD}</details>",
        f'<p>Words <span style="{HEARD}">that are heard only, and are as long as they like to be</span></p>',
    ],
)
def test_a_good_page_has_no_fault(browser, tmp_path, body, width):
    assert found(browser, tmp_path, body, width=width) == []


@pytest.mark.engine
def test_what_is_wide_may_scroll_within_itself_on_a_phone_but_not_in_print(browser, tmp_path):
    body, style = SCROLLER.format(WIDE), "@media print { div { overflow: visible !important; } }"
    assert found(browser, tmp_path, body, style) == []
    assert found(browser, tmp_path, body, style, "print") == [
        'wider than the page, 908 of 688 px: <p class=""> "Wide as it is"'
    ]
    hidden = found(browser, tmp_path, body.replace("auto", "hidden"))
    assert [fault.startswith("cut off: <div") for fault in hidden] == [True]


@pytest.mark.engine
@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (WIDE, 'wider than the page, 908 of 390 px: <p class=""> "Wide as it is"'),
        (f"<details><summary>More</summary>{WIDE}</details>", "unfolded: wider than the page, 908"),
        (picture((5, 6, "tiny")), 'too small to read: <text class=""> "tiny", 1 in all, in A picture'),
        (picture((190, 12, "beyond")), 'cut off: <text class=""> "beyond" in A picture'),
        (picture((5, 12, "these two"), (20, 12, "meet")), 'overlap: "these two" and "meet"'),
        ('<p style="margin-top: -30px">Moved up</p>', 'overlap: "Words that anybody can read'),
        ('<img alt="A dot" src="data:image/png;base64,iVBORw0KGgo=">', "complains: Loading the image"),
        ('<a href="there.html">There</a>', "there.html: leads nowhere"),
        ('<a href="#there">There</a>', "#there: leads nowhere"),
        ("<script></script>", "it has scripts"),
        ('<p onclick="go()">Press</p>', '<p class=""> "Press": a script'),
        ('<p style="color: #bbb">Pale</p>', "axe: color-contrast, serious"),
        ("<svg role='img' width='9' height='9'></svg>", "axe: svg-img-alt, serious"),
    ],
)
def test_every_kind_of_fault_is_found(browser, tmp_path, body, fault):
    assert [each for each in found(browser, tmp_path, body) if each.startswith(fault)]


@pytest.mark.engine
def test_a_page_without_its_words_shows_nothing(browser, tmp_path):
    assert "nothing is shown" in found(browser, tmp_path, style="main { display: none; }")


def test_every_page_is_shown_to_a_browser():
    loader = html.environment().loader
    pages_of = [name for name in loader.list_templates() if name.endswith(".html")]
    sources = {name: loader.get_source(None, name)[0] for name in pages_of}
    whole = {name for name, source in sources.items() if '{% include "report/head.html" %}' in source}
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name in whole if f'@pages.at_each_width("{name}")' not in tests} == set()
    assert {name for name, source in sources.items() if "</body>" in source} == whole, "each has the one head"
