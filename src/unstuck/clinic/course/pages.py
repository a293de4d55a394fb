"""What the course page shows, and to whom: frozen values made from the state, without any query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from unstuck.clinic.course.curve import CurveCard, curve_card
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.course.words import KIND_WORDS, STATE_WORDS, dose_words, span_text, when
from unstuck.core.deviations import Deviation, deviations
from unstuck.core.events import AdverseEventNoted
from unstuck.core.instrument import Instrument, Rater
from unstuck.core.instrument_file import load_instrument
from unstuck.core.outcomes import evaluate
from unstuck.core.protocol import Activity, Assess, Consent, Dose, Endpoint
from unstuck.core.schedule import Due, State, due, overview
from unstuck.core.sentences import instrument_words
from unstuck.core.time import study_day
from unstuck.core.veil import UNMASKING
from unstuck.core.verdict import RuleVerdict, Verdict, verdict

COMING = 10  # so many open and coming steps are shown at once; the rest are folded


@dataclass(frozen=True, slots=True)
class Sight:
    """What the reader may see of this course."""

    names: bool
    scores: bool
    arm: bool
    acts: frozenset[str]  # kinds of entry the reader may make
    bedside: bool = True  # whether the reader may rate what is rated while a dose works
    stated: bool = True  # whether the reader may learn what was stated of the person's health

    @property
    def rules(self) -> bool:
        """Whether the reader may see which rule before a step says no: it tells of scores, readings and health."""
        return self.scores and self.arm and self.stated


@dataclass(frozen=True, slots=True)
class Link:
    """Something the reader may do, in words, and where."""

    words: str
    address: str


@dataclass(frozen=True, slots=True)
class NextAct:
    """The one thing at the top."""

    level: str  # late, held, open, planned, none
    kicker: str
    what: str
    why: str
    figure: str
    unit: str
    small: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleRow:
    level: str  # ok, no, unk
    words: str
    why: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Doors:
    """The gates before the next gated step."""

    question: str
    answer: str
    level: str
    rules: tuple[RuleRow, ...]


@dataclass(frozen=True, slots=True)
class StepRow:
    level: str
    state: str
    word: str
    title: str
    detail: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class CoursePage:
    """Exactly what the page shows."""

    key: str
    name: str
    born: str
    protocol: str
    protocol_key: str
    version: str
    hash: str
    arm: str
    day: str
    simulated: bool
    unmasked: bool  # whether what would tell the arm is on the page
    may_export: bool
    next: NextAct
    doors: Doors | None
    before: tuple[StepRow, ...]
    steps: tuple[StepRow, ...]
    after: tuple[StepRow, ...]
    late: int
    skipped: int
    curve: CurveCard | None
    departures: tuple[tuple[str, str], ...]
    harms: tuple[tuple[str, str], ...]
    outcomes: tuple[tuple[str, str, str, str], ...]
    acts: tuple[tuple[str, str], ...]


def course_page(loaded: Loaded, sight: Sight, instrument: Instrument | None, at: datetime, zone: tzinfo) -> CoursePage:
    """The page of one course at one instant, for one reader."""
    row, protocol, state = loaded.row, loaded.protocol, loaded.state
    steps = overview(protocol, state, at, zone)
    done, coming = _in_time(steps, at)
    return CoursePage(
        key=row.key,
        name=row.person.name if sight.names else row.key,
        born=_born(loaded) if sight.names else "",
        protocol=protocol.title,
        protocol_key=protocol.key,
        version=state.version or protocol.version,
        hash=f"{protocol.hash[:4]}…{protocol.hash[-3:]}",
        arm=_arm(loaded) if sight.arm else "",
        day=_day(loaded, at, zone),
        simulated=row.simulated,
        unmasked=sight.arm,
        may_export=sight.scores and sight.arm,
        next=next_act(loaded, sight, at, zone),
        doors=_doors(loaded, steps, at) if sight.rules else None,
        before=tuple(_step_row(loaded, s, sight, zone) for s in done),
        steps=tuple(_step_row(loaded, s, sight, zone) for s in coming[:COMING]),
        after=tuple(_step_row(loaded, s, sight, zone) for s in coming[COMING:]),
        late=sum(1 for s in steps if s.state is State.LATE and not s.optional),
        skipped=sum(1 for s in steps if s.state is State.SKIPPED),
        curve=curve_card(loaded, instrument, steps, at, zone) if sight.scores and instrument else None,
        departures=tuple(_departure(d, zone) for d in deviations(protocol, state, at, zone)) if sight.arm else (),
        harms=tuple(_harm(e.what, e.observed_at, zone) for e in state.adverse) if sight.arm else (),
        outcomes=tuple(_outcome(loaded, e) for e in protocol.endpoints) if sight.scores else (),
        acts=tuple((kind, str(KIND_WORDS[kind])) for kind in KIND_WORDS if kind in sight.acts),
    )


def _in_time(steps: Iterable[Due], at: datetime) -> tuple[list[Due], list[Due]]:
    """What is done or skipped, the newest last, and what is to come, the next first."""
    settled = (State.DONE, State.SKIPPED)
    done = sorted((s for s in steps if s.state in settled), key=lambda s: s.done_at or s.target or at)
    coming = [s for s in steps if s.state not in settled]
    return done, sorted(coming, key=lambda s: (not s.asks, s.target is None, s.target or at))


def _born(loaded: Loaded) -> str:
    born = loaded.row.person.born_on
    return born.strftime("%d %b %Y") if born else _("not known")


def _arm(loaded: Loaded) -> str:
    return loaded.protocol.arm(loaded.state.arm).title if loaded.state.arm else ""


def _day(loaded: Loaded, at: datetime, zone: tzinfo) -> str:
    start = loaded.state.enrolled_at
    return str(study_day(at, start, zone)) if start else ""


def next_act(loaded: Loaded, sight: Sight, at: datetime, zone: tzinfo) -> NextAct:
    """The most urgent step as one sentence, with its clock."""
    rows = due(loaded.protocol, loaded.state, at, zone)
    if not rows:
        ended = loaded.state.ended
        why = _("Ended %(when)s.") % {"when": when(ended.observed_at, zone)} if ended else _("Every step is done.")
        return NextAct("none", _("Nothing is next"), _("This course asks for nothing"), why, "", "", "")
    row = rows[0]
    figure, unit, small = _clock(row, at, zone)
    return NextAct(
        level=row.state.value,
        kicker=str(STATE_WORDS[row.state]),
        what=_what(row, sight),
        why=_why(row, sight, zone),
        figure=figure,
        unit=unit,
        small=small,
        links=_links(loaded.row.key, row, sight, loaded.protocol.step(row.step).activity),
    )


def _what(row: Due, sight: Sight) -> str:
    title = _numbered(row)
    unmet = len(row.verdict.unmet) if row.verdict else 0
    if _waits(row) and not sight.rules:
        return _("%(step)s is held") % {"step": title}
    match row.state:
        case State.STOP:
            return _("%(step)s: the protocol says stop") % {"step": title}
        case State.HELD | State.NOT_KNOWN:
            return _("%(step)s is held: %(n)s missing") % {"step": title, "n": _things(unmet)}
        case State.LATE:
            return _("%(step)s is late") % {"step": title}
        case _:
            return title


def _things(count: int) -> str:
    return _("one thing is") if count == 1 else _("%(count)s things are") % {"count": count}


def _numbered(row: Due) -> str:
    return row.title if row.occurrence == 1 else f"{row.title} {row.occurrence}"


def _waits(row: Due) -> bool:
    return row.state in (State.HELD, State.NOT_KNOWN, State.STOP) and row.verdict is not None


def _why(row: Due, sight: Sight, zone: tzinfo) -> str:
    """The reason; which rule says no tells of health, so that only who may see rules reads it."""
    if _waits(row) and not sight.rules:
        return _("The reason is not shown to you.")
    if _waits(row) and row.verdict:
        return " ".join(rule.sentence for rule in row.verdict.unmet[:2])
    if row.booked:
        return _("Booked for %(when)s.") % {"when": when(row.booked, zone)}
    if row.state is State.WAITING:
        return _("Counted from something that has not happened yet.")
    return _("Not booked yet.") if row.state is State.PLANNED else ""


def _clock(row: Due, at: datetime, zone: tzinfo) -> tuple[str, str, str]:
    if row.state is State.LATE and row.closes:
        return *span_text(row.closes, at), _("since %(when)s") % {"when": when(row.closes, zone)}
    if row.asks and row.closes:
        return *span_text(at, row.closes), _("window to %(when)s") % {"when": when(row.closes, zone)}
    if row.target and row.target > at:
        return *span_text(at, row.target), _("meant for %(when)s") % {"when": when(row.target, zone)}
    return "", "", ""


def _links(key: str, row: Due, sight: Sight, activity: Activity) -> tuple[Link, ...]:
    """What the reader may do about a step; the form opens on that step."""
    wanted = _wanted(activity, row)
    more = () if row.booked or row.kind in ("assess", "consent") else ("book",)
    place = f"{row.step}:{row.occurrence}"
    if isinstance(activity, Assess) and UNMASKING & set(activity.instruments) and not sight.bedside:
        wanted = tuple(kind for kind in wanted if kind != "rated")
    return tuple(Link(str(KIND_WORDS[k]), _address(key, k, place)) for k in (*wanted, *more) if k in sight.acts)


def _wanted(activity: Activity, row: Due) -> tuple[str, ...]:
    """The kinds of entry that bring a step on: readings before a held dose, a link or a rating for its instruments."""
    match activity:
        case Assess(instruments, readings):
            raters = {load_instrument(i).rater for i in instruments}
            asked = [kind for kind, rater in (("link", Rater.PATIENT), ("rated", Rater.CLINICIAN)) if rater in raters]
            return (*asked, "reading") if readings else tuple(asked)
        case Dose():
            return ("session",)
        case Consent():
            return ("consent",)
        case _:
            return ("held",)


ELSEWHERE = {"session": "session:session", "book": "pathway:book"}
"""Kinds of entry whose page belongs to another part of the clinic and names the step in its address."""


def _address(key: str, kind: str, place: str) -> str:
    if kind in ELSEWHERE:
        step, _colon, occurrence = place.rpartition(":")
        return reverse(ELSEWHERE[kind], args=[key, step, occurrence])
    name = {"link": "assessment:send", "rated": "assessment:rated"}.get(kind, "course:record")
    arguments = [key] if kind in ("link", "rated") else [key, kind]
    return f"{reverse(name, args=arguments)}?{urlencode({'step': place})}"


def _doors(loaded: Loaded, steps: Iterable[Due], at: datetime) -> Doors | None:
    """The rules before the next dose, or before the next step that has gates."""
    quiet = (State.DONE, State.SKIPPED, State.CONDITIONAL)
    coming = [s for s in steps if s.state not in quiet and s.verdict and s.verdict.rules]
    doses = [s for s in coming if s.kind == "dose"] or coming
    if not doses:
        return None
    row = doses[0]
    said = verdict(loaded.protocol, loaded.state, row.step, row.occurrence, at)
    return Doors(
        question=_("May %(step)s start now?") % {"step": _numbered(row)},
        answer=_("Yes") if said.opens else _("Not yet"),
        level="ok" if said.opens else "no",
        rules=_rules(said),
    )


def _rules(said: Verdict) -> tuple[RuleRow, ...]:
    met = [r for r in said.rules if r.opens]
    return tuple(_rule(r) for r in (*said.unmet, *met))


def _rule(rule: RuleVerdict) -> RuleRow:
    if rule.overridden:
        return RuleRow("no", rule.sentence, _("Passed by a named person with a reason."), _("Overridden"))
    level, word = {
        "holds": ("ok", _("Met")),
        "fails": ("no", _("Not met")),
        "unknown": ("unk", _("Not known")),
    }[rule.truth.value]
    return RuleRow(level, rule.sentence, f"{_seen(rule)} {rule.why}".strip(), word)


def _seen(rule: RuleVerdict) -> str:
    missing = [words for words, seen in rule.latest if seen is None]
    if missing:
        return _("Nobody recorded: %(what)s.") % {"what": ", ".join(missing)}
    last = [f"{words} {seen.value:g}" for words, seen in rule.latest if seen and not isinstance(seen.value, bool | str)]
    return _("Last seen: %(what)s.") % {"what": ", ".join(last)} if last else ""


_LEVELS = {
    State.DONE: "done",
    State.SKIPPED: "plan",
    State.LATE: "late",
    State.STOP: "here",
    State.OPEN: "here",
    State.HELD: "here",
    State.NOT_KNOWN: "here",
}


def _step_row(loaded: Loaded, row: Due, sight: Sight, zone: tzinfo) -> StepRow:
    return StepRow(
        level=_LEVELS.get(row.state, "plan"),
        state=row.state.value,
        word=str(STATE_WORDS[row.state]),
        title=_numbered(row),
        detail=_detail(loaded, row, sight, zone),
        links=_links(loaded.row.key, row, sight, loaded.protocol.step(row.step).activity)
        if row.asks or row.state is State.PLANNED
        else (),
    )


def _detail(loaded: Loaded, row: Due, sight: Sight, zone: tzinfo) -> str:
    if row.done_at:
        given = dose_words(loaded.state, row) if row.kind == "dose" and sight.arm else ""
        return " ".join(filter(None, (when(row.done_at, zone), given)))
    if row.booked:
        return _("Booked %(when)s") % {"when": when(row.booked, zone)}
    if row.state is State.CONDITIONAL:
        return _("Only if its rule holds; it does not hold now")
    if row.opens and row.closes:
        prefix = _("about ") if row.state is State.WAITING else ""
        return _("%(about)s%(from)s to %(to)s") % {
            "about": prefix, "from": when(row.opens, zone, False), "to": when(row.closes, zone, False)
        }  # fmt: skip
    return ""


def _departure(found: Deviation, zone: tzinfo) -> tuple[str, str]:
    title = found.title if found.occurrence == 1 else f"{found.title} {found.occurrence}"
    return f"{title}: {found.detail}", when(found.at, zone)


def _harm(what: object, at: datetime, zone: tzinfo) -> tuple[str, str]:
    assert isinstance(what, AdverseEventNoted)
    remark = _("expected and passing") if what.expected else _("not expected")
    dose = _(", dose %(n)s") % {"n": what.dose} if what.dose else ""
    serious = _(", serious") if what.serious else ""
    name = what.category.replace("_", " ").capitalize()
    return f"{name}, {_('grade')} {what.grade}{serious}", f"{when(at, zone)}{dose}, {remark}"


def _outcome(loaded: Loaded, endpoint: Endpoint) -> tuple[str, str, str, str]:
    found = evaluate(endpoint, loaded.state)
    level, word = {True: ("ok", _("Yes")), False: ("no", _("No")), None: ("unk", _("Not known"))}[found.met]
    return endpoint.title, _spelled(loaded, endpoint, found.why), word, level


def _spelled(loaded: Loaded, endpoint: Endpoint, why: str) -> str:
    """The reason with the names that people use in place of keys."""
    words = why.replace(endpoint.instrument, instrument_words(endpoint.instrument))
    known = endpoint.at and loaded.protocol.has(endpoint.at)
    if known:
        words = words.replace(f"at {endpoint.at}", f"at “{loaded.protocol.step(endpoint.at).title}”")
    return f"{words[:1].upper()}{words[1:]}." if words else ""
