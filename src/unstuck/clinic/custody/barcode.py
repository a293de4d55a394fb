"""What a scanner reads from a vial: GS1 element strings (product, expiry, lot) and plain text, brought to one form.

The fixed lengths of the application identifiers are those of the GS1 General Specifications, section 3.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

GS = "\x1d"
_SYMBOLOGY = re.compile(r"^\](?:[CdeQ]\d)")
_FIXED = {"01": 14, "11": 6, "13": 6, "15": 6, "17": 6}
_OPEN = ("10", "21")  # up to 20 characters, ended by the separator or by the end


@dataclass(frozen=True, slots=True)
class Scan:
    """A scanned text: as one line without brackets and separators, and what it says of product, lot and expiry."""

    text: str
    gtin: str = ""
    lot: str = ""
    expires_on: date | None = None

    @property
    def names_product_only(self) -> bool:
        """Whether it is the same on every lot: a bare article number, or elements without a lot."""
        return bool(self.gtin and not self.lot) or bool(re.fullmatch(r"\d{8}|\d{12,14}", self.text))


def read(scanned: str) -> Scan:
    """What `scanned` says. A text that is no GS1 element string is kept as it is, for an exact comparison."""
    raw = _SYMBOLOGY.sub("", scanned.strip())
    told = _bracketed(raw) if raw.startswith("(") else _elements(raw)
    text = re.sub(r"[()\s\x1d]", "", raw)
    return Scan(text, told.get("01", ""), told.get("10", ""), _day(told.get("17", "")))


def _bracketed(raw: str) -> dict[str, str]:
    """Elements as printed for people, with each identifier in brackets."""
    return {key: value.strip() for key, value in re.findall(r"\((\d{2})\)([^(]*)", raw)}


def _elements(raw: str) -> dict[str, str]:
    """Elements as a scanner sends them; nothing where the text does not follow the standard to its end."""
    told: dict[str, str] = {}
    rest = raw
    while rest:
        key, rest = rest[:2], rest[2:]
        if key in _FIXED:
            value, rest = rest[: _FIXED[key]], rest[_FIXED[key] :].removeprefix(GS)
            if len(value) != _FIXED[key] or not value.isdigit():
                return {}
        elif key in _OPEN:
            value, _, rest = rest.partition(GS)
        else:
            return {}
        told[key] = value
    return told if "01" in told else {}


def _day(told: str) -> date | None:
    """A day from YYMMDD; day 00 is the last of the month. Two figures of a year are of this century."""
    if not re.fullmatch(r"\d{6}", told):
        return None
    year, month, day = 2000 + int(told[:2]), int(told[2:4]), int(told[4:])
    if not 1 <= month <= 12 or day > monthrange(year, month)[1]:
        return None
    return date(year, month, day or monthrange(year, month)[1])
