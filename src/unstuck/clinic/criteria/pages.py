"""What the page of the rules of screening shows: those in force, what waits to be signed, and how the two differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, tzinfo
from typing import Any

from django.utils.translation import gettext as _

from unstuck.clinic.criteria.actions import InForce
from unstuck.clinic.criteria.models import SignedRules
from unstuck.core.references_file import load_references
from unstuck.core.screening import Before, Medicine, Rule, Screening, Taper, Test, Treatment, Weight
from unstuck.core.sentences import instrument_words, phrase, sentence
from unstuck.core.sourced import Grade

Part = Rule | Test | Medicine | Treatment


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule in words, with its reason and source."""

    title: str
    words: str
    why: str
    source: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    title: str
    rows: tuple[RuleRow, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """How one rule differs between what is in force and what waits; empty words where it is on one side only."""

    part: str
    word: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    number: int
    version: str
    who: str
    when: str


@dataclass(frozen=True, slots=True)
class RulesPage:
    """Exactly what the page shows."""

    signed: str
    version: str
    groups: tuple[Group, ...]
    waiting: str  # hash of the text that waits to be signed; empty where none does
    where: str
    own: bool
    changes: tuple[Change, ...]
    lacking: str  # why the text that waits cannot be read
    versions: tuple[VersionRow, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The text that the site would sign now: its rules, None where they cannot be read, with the reason."""

    rules: Screening | None
    where: str
    own: bool
    lacking: str = ""


def rules_page(
    now: InForce, waiting: Waiting, signed: Sequence[SignedRules], names: Mapping[str, str], zone: tzinfo
) -> RulesPage:  # fmt: skip
    """The page as it stands."""
    versions = tuple(_version(one, names, zone) for one in signed)
    words = {"who": versions[0].who, "when": versions[0].when} if versions else {}
    other = waiting.rules if waiting.rules and (now.signed is None or waiting.rules.hash != now.rules.hash) else None
    return RulesPage(
        signed=_("Signed by %(who)s, %(when)s") % words if words else "",
        version=now.version,
        groups=groups(now.rules),
        waiting=other.hash if other else "",
        where=waiting.where,
        own=waiting.own,
        changes=changes(now.rules, other) if other else (),
        lacking=waiting.lacking,
        versions=versions,
    )


def _version(one: SignedRules, names: Mapping[str, str], zone: tzinfo) -> VersionRow:
    return VersionRow(one.number, one.version, names.get(one.signed_by, one.signed_by[:8]), _when(one.signed_at, zone))


def _when(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%-d %b %Y %H:%M")


def groups(rules: Screening) -> tuple[Group, ...]:
    """Every rule in words, in the order of the questionnaire."""
    return (
        Group("whole", _("Diagnosis, decision, therapy first, taper"), tuple(_whole(rules))),
        Group("rule", _("Illnesses and circumstances"), tuple(_row(one) for one in rules.rules)),
        Group("medicine", _("Medicines"), tuple(_row(one) for one in rules.medicines)),
        Group("test", _("Tests"), tuple(_row(one) for one in rules.tests)),
    )


def _whole(rules: Screening) -> Iterator[RuleRow]:
    asked, kept, prior = rules.diagnosis, rules.acceptance_reason, rules.prior
    words = {"what": instrument_words(asked.instrument), "span": asked.within}
    said = _("%(what)s, not older than %(span)s.") % words
    yield _reasoned(_("Diagnosis"), said, asked.why, asked.source, asked.grade)
    said = _("A decision stands for %(span)s.") % {"span": rules.acceptance}
    yield _reasoned(_("Decision"), said, kept.why, kept.source, kept.grade)
    tried = ", ".join(one.title for one in rules.treatments if one.trauma_focused)
    yield _reasoned(prior.title, _("Asked about: %(what)s.") % {"what": tried}, prior.why, prior.source, prior.grade)
    taper = rules.taper
    yield _reasoned(_("Taper"), _taper(taper), taper.why, taper.source, taper.grade)


def _taper(taper: Taper) -> str:
    return _("%(steps)s, each kept for %(each)s.") % {"steps": ", ".join(map(str, taper.steps)), "each": taper.each}


def _row(one: Rule | Medicine | Test) -> RuleRow:
    return _reasoned(one.title, words_of(one), one.why, one.source, one.grade)


def _reasoned(title: str, words: str, why: str, source: str, grade: Grade) -> RuleRow:
    known = load_references()
    return RuleRow(title, words, why, known[source].title if source in known else source, grade is Grade.ASSUMED)


def words_of(one: Part) -> str:
    """What the rule does, in one sentence or two."""
    match one:
        case Rule():
            return " ".join(_rule_words(one))
        case Test():
            return " ".join(_test_words(one))
        case Medicine():
            spans = [_("%(span)s without it before treatment.") % {"span": one.washout}] if one.washout else []
            spans += [_("Left out for %(span)s before each dose.") % {"span": one.hold}] if one.hold else []
            return " ".join([_weight(one.weight), *spans])
        case Treatment():
            return _("Trauma-focused.") if one.trauma_focused else _("Another treatment.")


def _rule_words(rule: Rule) -> Iterator[str]:
    yield _weight(rule.weight)
    if rule.by and rule.within:
        yield _("By: %(who)s, for %(span)s.") % {"who": rule.by, "span": rule.within}
    if rule.rule is not None:
        yield sentence(rule.rule)
    if rule.when is not None:
        yield _("Only where %(when)s.") % {"when": phrase(rule.when)}


def _test_words(test: Test) -> Iterator[str]:
    before = {
        Before.FIRST_DOSE: _("Before the first dose."),
        Before.EACH_DOSE: _("On each dosing day."),
        Before.NONE: _("During treatment only."),
    }
    yield before[test.before]
    yield _("Good for %(span)s.") % {"span": test.good_for}
    if test.again is not None:
        yield (
            _("Again after %(span)s; late, it holds the next dose.") % {"span": test.again}
            if test.holds
            else (_("Again after %(span)s.") % {"span": test.again})
        )
    if test.when is not None:
        yield _("Only where %(when)s.") % {"when": phrase(test.when)}


def _weight(weight: Weight) -> str:
    return {
        Weight.ABSOLUTE: _("Rules treatment out."),
        Weight.DEFER: _("Treatment waits until it is over."),
        Weight.CLEARANCE: _("Needs the word of a specialist."),
        Weight.RELATIVE: _("A prescriber weighs it."),
        Weight.WATCH: _("Watched; no decision."),
    }[weight]


def changes(old: Screening, new: Screening) -> tuple[Change, ...]:
    """What differs, rule by rule: added, left out, or changed in any of its lines."""
    return tuple([*_whole_changes(old, new), *_parts_changes(old, new)])


def _whole_changes(old: Screening, new: Screening) -> Iterator[Change]:
    for was, now in zip(_whole(old), _whole(new), strict=True):
        if was != now:
            yield Change(was.title, _("changed"), f"{was.words} {was.why}", f"{now.words} {now.why}")


def _parts_changes(old: Screening, new: Screening) -> Iterator[Change]:
    before, after = _parts(old), _parts(new)
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key), after.get(key)
        if was == now:
            continue
        word = _("added") if was is None else _("left out") if now is None else _("changed")
        title = (now or was).title  # type: ignore[union-attr]
        yield Change(title, word, _full(was, now), _full(now, was))


def _parts(rules: Screening) -> dict[tuple[str, str], Part]:
    every: tuple[Part, ...] = (*rules.rules, *rules.treatments, *rules.medicines, *rules.tests)
    return {(type(one).__name__, one.key): one for one in every}


def _full(one: Part | None, other: Part | None) -> str:
    """The rule in words, with each line that the other side has otherwise."""
    if one is None:
        return ""
    lines = [
        f"{field.name}: {_shown(getattr(one, field.name))}" for field in fields(one) if _differs(field, one, other)
    ]
    return " ".join([words_of(one), *(f"[{line}]" for line in lines)])


def _differs(field: Any, one: Part, other: Part | None) -> bool:
    return other is not None and type(other) is type(one) and getattr(one, field.name) != getattr(other, field.name)


def _shown(value: object) -> str:
    return str(value) if isinstance(value, bool) else str(value or "-")
