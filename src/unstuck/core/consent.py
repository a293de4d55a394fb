"""The text of a consent, built from blocks and from a release of the evidence: the same input makes the same bytes.

A text is lines: `## ` begins a heading, an empty line ends a paragraph. No number about the evidence stands in a block;
each is taken from the release by a rule of the file, and a figure that is not there stops the text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from unstuck.core.errors import Complaint
from unstuck.core.evidence_release import ArmResult, Release
from unstuck.core.tongue import ENGLISH, Tongue


class Take(StrEnum):
    """What a figure takes from a study or a claim of the release."""

    N = "n"
    MET_TREATED = "met_treated"
    OF_TREATED = "of_treated"
    MET_CONTROL = "met_control"
    OF_CONTROL = "of_control"
    SAYS = "says"


class Only(StrEnum):
    """For which plans a block is meant."""

    ALL = "all"
    HOME = "home"
    ARMS = "arms"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, by the study or the claim that it stands in."""

    key: str
    study: str
    claim: str
    take: Take


@dataclass(frozen=True, slots=True)
class Block:
    key: str
    title: str
    text: str
    only: Only = Only.ALL


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A sentence that the person says yes to."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Around:
    """Headings and a sentence around what a person signs."""

    studies: str
    hopes: str
    no_hopes: str
    signs: str


@dataclass(frozen=True, slots=True)
class ConsentBlocks:
    """A consent before its figures are filled in."""

    key: str
    version: str
    language: str
    figures: tuple[Figure, ...]
    blocks: tuple[Block, ...]
    confirm: tuple[Confirmed, ...]
    around: Around


@dataclass(frozen=True, slots=True)
class About:
    """What the text is about: words from the protocol and the site, and which blocks are for it."""

    words: Mapping[str, str]
    home: bool
    arms: bool
    evidence: str  # the signed text on the evidence, verbatim, or its words in the consent's language
    tongue: Tongue = ENGLISH


class FigureMissing(Complaint):
    """The release does not hold what the text quotes."""


_NAME = re.compile(r"\{(\w+)\}")


def compose(blocks: ConsentBlocks, release: Release, about: About) -> str:
    """The text, with the signed words on the evidence at its end. Raises FigureMissing and NotTranslated."""
    known = {**{f.key: figure(f, release, about.tongue) for f in blocks.figures}, **about.words}
    parts = [f"## {b.title}\n\n{_filled(b.text.strip(), known)}\n" for b in blocks.blocks if _meant(b, about)]
    return "\n".join([*parts, f"## {blocks.around.studies}\n\n{about.evidence.strip()}\n"])


def _meant(block: Block, about: About) -> bool:
    match block.only:
        case Only.ALL:
            return True
        case Only.HOME:
            return about.home
        case Only.ARMS:
            return about.arms


def _filled(text: str, known: Mapping[str, str]) -> str:
    lacking = sorted({name for name in _NAME.findall(text)} - set(known))
    if lacking:
        raise FigureMissing(f"Nothing is known for {{{lacking[0]}}}.", mend="Add a [[figure]] to the file.")
    return _NAME.sub(lambda found: known[found[1]], text)


def figure(asked: Figure, release: Release, tongue: Tongue = ENGLISH) -> str:
    """The figure in words. Raises FigureMissing and NotTranslated."""
    match asked.take:
        case Take.SAYS:
            said = [tongue.say(claim.says) for claim in release.claims if claim.key == asked.claim]
            return _one(said, asked)
        case Take.N:
            counted = [str(p.n) for p in release.papers if p.key == asked.study and p.n is not None]
            return _one(counted, asked)
        case _:
            arm = _arm(asked, release.arms)
            return str(arm.met if asked.take in (Take.MET_TREATED, Take.MET_CONTROL) else arm.of)


def _arm(asked: Figure, arms: Sequence[ArmResult]) -> ArmResult:
    treated = asked.take in (Take.MET_TREATED, Take.OF_TREATED)
    found = [arm for arm in arms if arm.study == asked.study and arm.treated is treated]
    if len(found) != 1:
        raise FigureMissing(f"{asked.key}: the release has {len(found)} such arms of {asked.study}.")
    return found[0]


def _one(found: Sequence[str], asked: Figure) -> str:
    if len(found) != 1:
        raise FigureMissing(f"{asked.key}: the release holds {len(found)} of {asked.study or asked.claim}.")
    return found[0]


def hash_of(text: str) -> str:
    """SHA-256 of the text's bytes, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def document(text: str, goals: Sequence[str], signer: str, around: Around) -> str:
    """What the person reads and signs: the text, what they hope for in their own words, and whose name stands below."""
    hopes = "\n".join(f"- {goal}" for goal in goals) or around.no_hopes
    return f"{text}\n## {around.hopes}\n\n{hopes}\n\n## {around.signs}\n\n{signer}\n"


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is shown: a heading, a point of a list, or words."""

    kind: str
    text: str


def lines(text: str) -> tuple[Line, ...]:
    """The text as lines to show; nothing is left out but empty lines and the marks of headings and points."""
    return tuple(_line(line) for line in text.splitlines() if line.strip())


def _line(line: str) -> Line:
    for mark, kind in (("## ", "heading"), ("- ", "point")):
        if line.startswith(mark):
            return Line(kind, line.removeprefix(mark))
    return Line("words", line)
