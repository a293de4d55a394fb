"""Makes docs/access.md of docs/access.toml: who opens what, and who learns what. `--check` only compares."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
ROLES = {
    "front_desk": "Front desk",
    "nurse": "Nurse",
    "therapist": "Therapist",
    "prescriber": "Prescriber",
    "custodian": "Custodian",
    "research": "Research",
    "quality": "Quality",
    "admin": "Admin",
    "own": "The patient",
    "no_role": "No role",
}
HEAD = """# Who opens what, and who learns what

Made of [access.toml](access.toml) by `tools/access_table.py`. A test tries every address and looks for
every field as every role, on both databases, and fails where the clinic differs. Rules stand in one place,
`clinic/people/access`. A dot is yes.

What a blinded role must not know is taken out of the data before a page is made (`core/veil.py`). An emergency opens
one record or one arm for an hour ([decision 0099](decisions/0099-emergencies-and-erasure.md)); not in these tables.
"""


def table(matrix: dict[str, Any]) -> str:
    """The tables as Markdown."""
    return "\n".join([HEAD, *_fields(matrix["fields"]), *_pages(matrix["pages"])]) + "\n"


def _fields(fields: dict[str, dict[str, str]]) -> Iterator[str]:
    for key, title in (("unblinded", "Fields of a record"), ("blinded", "The same where a trial hides its arm")):
        yield f"## {title}\n"
        if key == "blinded":
            yield "From patient, therapist and research. Who is blinded is the protocol's own word.\n"
        yield from _rows("Field", [(field["words"], field[key]) for field in fields.values()])


def _pages(pages: dict[str, dict[str, str]]) -> Iterator[str]:
    yield "## Addresses\n"
    yield "“open” needs no sign-in: each such view says in its source what protects it.\n"
    for group, rows in pages.items():
        yield f"### {group}\n"
        yield from _rows("Address", [(f"`{name}`", who) for name, who in rows.items()])


def _rows(first: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    yield f"| {first} | " + " | ".join(ROLES.values()) + " |"
    yield "|---" * (len(ROLES) + 1) + "|"
    for words, who in rows:
        yield f"| {words} | " + " | ".join(_cell(who, role) for role in ROLES) + " |"
    yield ""


def _cell(who: str, role: str) -> str:
    if who == "open":
        return "open"
    return "•" if who == "everyone" or role in who.split() else ""


def main() -> int:
    """0 where docs/access.md is what it should be, or has been written; 1 where `--check` finds another text."""
    wanted = table(tomllib.loads((DOCS / "access.toml").read_text(encoding="utf-8")))
    to = DOCS / "access.md"
    if "--check" in sys.argv:
        return 0 if to.is_file() and to.read_text(encoding="utf-8") == wanted else 1
    to.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
