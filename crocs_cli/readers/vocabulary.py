"""List words in column names that say what the columns hold, in the languages of utilities."""

from __future__ import annotations

import re

SLOT = re.compile(r"\d{1,2}[:.]\d\d(:\d\d)?(\s*-\s*\d{1,2}[:.]\d\d(:\d\d)?)?")
CONSUMER = re.compile(
    r"mp[ra]n|nmi|cups|\bean|esi ?id|\bpr?m\b|\bpod\b|meter|consumer|customer|household|home|house|bldg"
    r"|building|\bid\b|_id\b|\w+id\b|z.hlpunkt|contract|contrat|account|user|client|premise",
    re.IGNORECASE,
)
NO_ENERGY = re.compile(
    r"cost|price|pris|preis|kosten|coste|tax|charge|\brate|tariff|fee|amount|[$€£%]|_?gbp|_eur\b|usd|temp|celsius"
    r"|humid|weather|batter|\bsoc|_soc|export|generat|production|solar|\bpv|feed.?in|surplus|received|einspeis"
    r"|injec|exced|vertido|\bgas|water|lit(er|re)|volt|current|\bamp|power.?factor|frequen|\blat|\blon|post.?code"
    r"|\bzip|year|month|week|\bmax|\bmin\b|duration|flow",
    re.IGNORECASE,
)
UNITS = (
    ("MWh", r"mwh"),
    ("kWh", r"kwh|kilowatt.?h"),
    ("Wh", r"(?<![a-z])wh(?![a-z])|watt.?hour"),
    ("kW", r"(?<![a-z])kw(?![a-z])|kilowatt"),
    ("W", r"(?<![a-z])w(?![a-z])|watt"),
)
ENERGY = re.compile(
    r"energ|consum|usage|verbrauch|forbru|afname|import|demand|load|bezug|value|reading", re.IGNORECASE
)
END = re.compile(r"\b(end|ending|to|till?|tot|bis|fin|hasta|revision|upload|created)\b|_end\b|end_", re.I)
START = re.compile(r"\b(start|begin|from|von|van|fra|debut|desde)\b|start", re.I)
CODES = re.compile(r"qual|stat|estim|actual|valid|flag|read|type|estado|metodo", re.IGNORECASE)  # of letters
HOUR = re.compile(r"^(hour|hora|heure|stunde|ora|uur|time|hr)$", re.IGNORECASE)
MEANINGS = {
    "direction": {
        "add": r"import|consum|afname|deliver|usage|bezug|verbrauch|active import",
        "drop": r"export|generat|injec|surplus|received|einspeis|feed|production|active export",
    },
    "quality": {
        "measured": r"actual|measur|real|read$|valid|ok$|good|m.lt|[amr]$",
        "estimated": r"estim|substit|calc|beregnet|e$",
        "invalid": r"invalid|missing|error",
    },
}


def unit_in(name: str) -> str | None:
    """Return the unit that a column's name ends with or has in it, None for none."""
    return next((unit for unit, form in UNITS if re.search(form, name, re.IGNORECASE)), None)
