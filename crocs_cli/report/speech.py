"""Say of weeks, events, water and heat what pages say of days of electricity in kWh.

Pages and pictures are written in the words of days of electricity. For other profiles these words are
exchanged in what a reader sees, and nowhere else: not in links, styles, settings, and the names and ids that
head rows.
"""

from __future__ import annotations

import re

from crocs_cli.rundir.meaning import Meaning

_KEPT = (  # what is no word of ours: styles, names and ids (but not the small print below them), settings
    r"<style.*?</style>",
    r'<th scope="row".*?(?=<small>|</th>)',
    r'<section id="made".*?</section>',
)
_SEEN = re.compile(rf"{'|'.join(_KEPT)}|(?P<text>>[^<]+<)|(?P<label>aria-label=\"[^\"]*\")", re.DOTALL)


def said(page: str, meaning: Meaning) -> str:
    """Return a page, or an SVG, in the words of its profiles."""
    words = _words(meaning)
    if not words:
        return page
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, words))})\b")

    def exchanged(seen: re.Match[str]) -> str:
        if seen["text"] is None and seen["label"] is None:
            return seen[0]
        return pattern.sub(lambda word: words[word[0]], seen[0])

    return _SEEN.sub(exchanged, page)


def said_in_table(table: str, meaning: Meaning) -> str:
    """Return a CSV table with its columns named as the profiles' period and unit ask."""
    head, _, rows = table.partition("\n")
    return "\n".join([",".join(meaning.column(name) for name in head.split(",")), rows])


def _words(meaning: Meaning) -> dict[str, str]:
    """Return the words to exchange: none for days of electricity in kWh."""
    words: dict[str, str] = {}
    if meaning.unit != "kWh":
        words["kWh"] = meaning.unit
    if meaning.quantity != "electricity":
        words |= {"electricity": meaning.quantity, "energy": meaning.quantity}
    if meaning.period != "day":
        one, several = meaning.period, meaning.plural
        words |= {"day": one, "days": several, "Day": one.capitalize(), "Days": several.capitalize()}
    if meaning.is_event:
        words |= {"readings": "rows", "meters": "consumers"}
    return words
