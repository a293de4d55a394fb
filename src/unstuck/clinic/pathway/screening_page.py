"""What the page of screening shows: the decision, what is still open, and every rule with reason and source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.criteria.actions import version_of
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.pathway.asking import PARTS
from unstuck.clinic.pathway.doors import Door
from unstuck.clinic.pathway.looked import Screened
from unstuck.clinic.pathway.scales import ScaleRow, scale_rows
from unstuck.clinic.pathway.trauma import Described
from unstuck.core.accepting import DueState, Standing
from unstuck.core.instrument_file import load_instrument
from unstuck.core.references_file import load_references
from unstuck.core.screening import INDEX_TRAUMA, Finding, RuleFinding, blocking, to_weigh
from unstuck.core.sourced import Grade

QUIET = (Finding.CLEAR, Finding.UNKNOWN, Finding.MISSING, Finding.WATCH)
"""Findings that are only counted on top of the page."""

LEVELS: dict[Finding, str] = {
    Finding.CLEAR: "ok",
    Finding.CLEARED: "ok",
    Finding.WATCH: "info",
    Finding.WEIGH: "open",
    Finding.ABSOLUTE: "no",
    Finding.DEFERRED: "no",
    Finding.NEEDS_CLEARANCE: "no",
    Finding.EXPIRED: "no",
    Finding.ABNORMAL: "no",
    Finding.WASHING_OUT: "no",
    Finding.MISSING: "unk",
    Finding.UNKNOWN: "unk",
}


def finding_words(finding: Finding) -> str:
    """The finding as people read it."""
    return {
        Finding.CLEAR: _("Clear"),
        Finding.CLEARED: _("Cleared"),
        Finding.WATCH: _("Watch"),
        Finding.WEIGH: _("To weigh"),
        Finding.ABSOLUTE: _("Rules out"),
        Finding.DEFERRED: _("Wait"),
        Finding.NEEDS_CLEARANCE: _("Needs a word"),
        Finding.EXPIRED: _("Too old"),
        Finding.ABNORMAL: _("Not normal"),
        Finding.WASHING_OUT: _("Washing out"),
        Finding.MISSING: _("Not done"),
        Finding.UNKNOWN: _("Not known"),
    }[finding]


@dataclass(frozen=True, slots=True)
class FindingRow:
    level: str
    word: str
    title: str
    words: str
    why: str
    source: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class GroupCard:
    """One part of the questionnaire with what was found; `part` names its form, empty where it has none."""

    part: str
    title: str
    rows: tuple[FindingRow, ...]
    words: str


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One signed decision of the past."""

    words: str
    when: str
    who: str
    open: int
    rules: str  # the version it was made by, empty where the entry names none


@dataclass(frozen=True, slots=True)
class WatchRow:
    level: str
    word: str
    title: str
    words: str
    why: str


@dataclass(frozen=True, slots=True)
class Trauma:
    """The event that counts: its kind, empty while it is not fixed, how the person calls it, and every wording."""

    kind: str
    called: str
    wordings: tuple[tuple[str, str], ...]  # words, who and when; the one in use first


@dataclass(frozen=True, slots=True)
class ScreeningPage:
    """Exactly what the page shows."""

    key: str
    name: str
    born: str
    level: str
    verdict: str
    kicker: str
    open: tuple[FindingRow, ...]
    found: tuple[FindingRow, ...]
    weigh: tuple[FindingRow, ...]
    groups: tuple[GroupCard, ...]
    trauma: Trauma
    decisions: tuple[DecisionRow, ...]
    watching: tuple[WatchRow, ...]
    may_decide: bool
    rules: str
    rules_signed: bool
    other_rules: str  # the version of the standing decision, where it is not the one in force
    why: str
    doors: tuple[Door, ...]
    scales: tuple[ScaleRow, ...]
    asks: bool
    """Whether a scale waits for the person's own answers."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the names that may be shown, the zone, and whether they may decide."""

    names: Mapping[str, str]
    zone: tzinfo
    may_decide: bool
    doors: tuple[Door, ...] = ()


def screening_page(
    now: Screened, decided: tuple[Entry, ...], called: tuple[Described, ...], reader: Reader
) -> ScreeningPage:  # fmt: skip
    """The page of one course for one reader."""
    row, scales = now.loaded.row, scale_rows(now)
    level, verdict, kicker = _verdict(now, bool(decided))
    return ScreeningPage(
        key=row.key,
        name=row.person.name,
        born=row.person.born_on.strftime("%-d %b %Y") if row.person.born_on else "",
        level=level,
        verdict=verdict,
        kicker=kicker,
        open=tuple(_row(one) for one in blocking(now.findings)),
        found=tuple(_row(one) for one in now.findings if one.finding not in QUIET),
        weigh=tuple(_row(one) for one in to_weigh(now.findings)),
        groups=_groups(now),
        trauma=_trauma(now, called, reader),
        decisions=tuple(_decision(entry, reader) for entry in decided),
        watching=_watching(now),
        may_decide=reader.may_decide,
        rules=now.by.version,
        rules_signed=now.by.signed is not None,
        other_rules=_other_rules(now, decided),
        why=_why(now),
        doors=reader.doors,
        scales=scales,
        asks=row.ended_at is None and any(not one.known and not one.address for one in scales),
    )


def _trauma(now: Screened, called: tuple[Described, ...], reader: Reader) -> Trauma:
    key = str(now.looked.latest(INDEX_TRAUMA) or "")
    labels = {item.key: item.label for item in load_instrument("lec5").items} if key else {}
    erased = _("(erased)")
    wordings = tuple(
        (one.words or erased, f"{reader.names.get(one.by, one.by[:8])}, {_when(one.at, reader.zone)}") for one in called
    )
    return Trauma(labels.get(key, key), wordings[0][0] if wordings else "", wordings)


def _other_rules(now: Screened, decided: tuple[Entry, ...]) -> str:
    """The version by which the person was accepted, where the site has signed other rules since."""
    if now.standing is not Standing.ACCEPTED or not decided:
        return ""
    told = json.loads(decided[0].payload)
    return _version(told) if told.get("rules", now.rules.hash) != now.rules.hash else ""


def _version(told: Mapping[str, str]) -> str:
    """The version of the rules that an entry names."""
    return told.get("version") or version_of(told.get("rules", ""))


def _verdict(now: Screened, signed_here: bool) -> tuple[str, str, str]:
    """Level, the sentence in large and the line above it."""
    open_ = len(blocking(now.findings))
    match now.standing:
        case Standing.ACCEPTED:
            kicker = _("A prescriber signed it") if signed_here else _("Came with the course")
            return "ok", _("Accepted for treatment"), kicker
        case Standing.OLD:
            return "held", _("Decide again"), _("The last decision is too old")
        case Standing.NOT_ACCEPTED:
            return "held", _("Not accepted"), _("No dose may be given")
        case Standing.NEVER if open_:
            return "unk", _("%(n)s still open") % {"n": open_}, _("Nobody has decided")
        case Standing.NEVER:
            return "open", _("Ready for a decision"), _("Nobody has decided")


def _why(now: Screened) -> str:
    """The line under the verdict: how many rules are open, and what that means as the decision stands."""
    open_ = len(blocking(now.findings))
    if not open_:
        return ""
    if now.standing is Standing.ACCEPTED:
        return _("%(n)s rules have no answer on record; the acceptance was made without them.") % {"n": open_}
    return _("%(n)s rules keep the door closed. What is not known opens nothing.") % {"n": open_}


def _row(one: RuleFinding) -> FindingRow:
    sources = load_references()
    source = sources[one.source].title if one.source in sources else one.source
    level, word = LEVELS[one.finding], finding_words(one.finding)
    return FindingRow(level, word, one.title, one.words, one.why, source, one.grade is Grade.ASSUMED)


def _groups(now: Screened) -> tuple[GroupCard, ...]:
    cards = []
    for key, part in PARTS.items():
        if key == "clearance":
            continue
        mine = [one for one in now.findings if one.group == part.group]
        mine.sort(key=lambda one: (not one.blocks, one.finding is not Finding.WEIGH))
        cards.append(GroupCard(key, str(part.title), tuple(map(_row, mine)), _counted(mine)))
    return tuple(cards)


def _counted(found: Sequence[RuleFinding]) -> str:
    """How many rules are clear, found something, and are still to be asked."""
    words = {
        "clear": sum(one.finding in (Finding.CLEAR, Finding.CLEARED, Finding.WATCH) for one in found),
        "found": sum(one.finding not in QUIET for one in found),
        "asked": sum(one.finding in (Finding.UNKNOWN, Finding.MISSING) for one in found),
    }
    return _("%(clear)s clear, %(found)s with a finding, %(asked)s not known yet.") % words


def _decision(entry: Entry, reader: Reader) -> DecisionRow:
    told = json.loads(entry.payload)
    words = {"accept": _("Accepted"), "defer": _("Not now"), "decline": _("Not treated here")}
    said = words.get(told.get("decision", ""), _("Acceptance taken back: an answer changed"))
    who = reader.names.get(entry.actor, entry.actor[:8])
    open_ = len(told.get("open", told.get("because", ())))
    return DecisionRow(said, _when(entry.recorded_at, reader.zone), who, open_, _version(told))


def _when(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%-d %b %Y %H:%M")


def _watching(now: Screened) -> tuple[WatchRow, ...]:
    levels = {
        DueState.LATE: ("late", _("Late")),
        DueState.SOON: ("open", _("Soon")),
        DueState.NOT_YET: ("planned", _("Planned")),
    }
    rows = []
    for one in now.watching:
        last = (
            _("last on %(day)s") % {"day": one.done_on.strftime("%-d %b %Y")}
            if one.done_on
            else _("never done here, counted from the first dose")
        )
        words = _("Due %(day)s, %(last)s.") % {"day": one.due_on.strftime("%-d %b %Y"), "last": last}
        rows.append(WatchRow(*levels[one.state], one.title, words, one.why))
    return tuple(rows)
