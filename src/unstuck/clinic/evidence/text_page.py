"""The page on which the text for patients is read, compared, signed or declined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from difflib import SequenceMatcher

from unstuck.clinic.evidence.models import Proposal, SignedText


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that stay, go or come."""

    kind: str  # same, gone, new
    text: str


@dataclass(frozen=True, slots=True)
class SignedRow:
    number: int
    dated: date
    when: str
    who: str
    hash: str


@dataclass(frozen=True, slots=True)
class TextPage:
    """The text in use, the one that is proposed, and what differs."""

    key: str
    title: str
    current: str
    signed: tuple[SignedRow, ...]
    proposal_id: int | None
    proposed: date | None
    changes: tuple[Part, ...]
    may_sign: bool


def text_page(
    key: str, title: str, signed: tuple[SignedText, ...], proposal: Proposal | None, reader: Reader
) -> TextPage:
    """The page of one treatment's text for one reader."""
    current = signed[0].text if signed else ""
    return TextPage(
        key=key,
        title=title,
        current=current,
        signed=tuple(_row(text, reader) for text in signed),
        proposal_id=proposal.pk if proposal else None,
        proposed=proposal.dated if proposal else None,
        changes=differences(current, proposal.text) if proposal else (),
        may_sign=reader.may_sign,
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """What depends on who reads: names, the site's zone, and whether this account may sign."""

    names: Mapping[str, str]
    zone: tzinfo
    may_sign: bool


def _row(text: SignedText, reader: Reader) -> SignedRow:
    when = text.signed_at.astimezone(reader.zone)
    who = reader.names.get(text.signed_by, text.signed_by)
    return SignedRow(text.number, text.dated, f"{when.day} {when:%b %Y %H:%M}", who, text.text_hash[:12])


def differences(before: str, after: str) -> tuple[Part, ...]:
    """The lines of both, in order, each the same, gone or new. Empty lines that stay are left out."""
    old, new = before.splitlines(), after.splitlines()
    parts = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            parts += [Part("same", line) for line in old[i1:i2]]
        else:
            parts += [Part("gone", line) for line in old[i1:i2]] + [Part("new", line) for line in new[j1:j2]]
    return tuple(part for part in parts if part.text.strip())
