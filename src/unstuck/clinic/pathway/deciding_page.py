"""What the page of deciding on shows: the rules' answers, what was decided, and who outside may be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from django.urls import reverse
from django.utils.translation import gettext as _

from unstuck.clinic.course.queries import Loaded, words_of
from unstuck.clinic.course.words import ENDINGS
from unstuck.clinic.pathway.disclosure import Allowed
from unstuck.clinic.pathway.doors import Door
from unstuck.core.course import standing
from unstuck.core.deciding import Answer, Question, Topic
from unstuck.core.events import CourseEnded, Decision, StepHeld
from unstuck.core.references_file import load_references
from unstuck.core.schedule import State, overview
from unstuck.core.summary import Summary


@dataclass(frozen=True, slots=True)
class QuestionRow:
    level: str
    word: str
    title: str
    words: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review of the plan that waits for somebody's decision."""

    title: str
    question: str
    address: str


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    act: str
    to: str
    until: date
    stands: bool


@dataclass(frozen=True, slots=True)
class DecidedRow:
    """What was decided, when, and why in words; empty where nobody wrote it or it was erased."""

    words: str
    when: str
    why: str


@dataclass(frozen=True, slots=True)
class DecidingPage:
    """Exactly what the page shows."""

    key: str
    name: str
    born: str
    doors: tuple[Door, ...]
    level: str
    kicker: str
    verdict: str
    questions: tuple[QuestionRow, ...]
    reviews: tuple[ReviewRow, ...]
    decided: tuple[DecidedRow, ...]
    change: str
    span: str
    missing: str
    releases: tuple[ReleaseRow, ...]
    open: bool
    screen_again: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and when."""

    at: datetime
    zone: tzinfo
    doors: tuple[Door, ...]


def deciding_page(
    loaded: Loaded, asked: tuple[Question, ...], summary: Summary, allowed: tuple[Allowed, ...], reader: Reader
) -> DecidingPage:
    """The page of one course at one instant."""
    row, today = loaded.row, reader.at.astimezone(reader.zone).date()
    level, kicker, verdict = _ended(loaded) or _verdict(asked)
    change, span = _change(summary)
    return DecidingPage(
        key=row.key,
        name=row.person.name,
        born=row.person.born_on.strftime("%-d %b %Y") if row.person.born_on else "",
        doors=reader.doors,
        level=level,
        kicker=kicker,
        verdict=verdict,
        questions=tuple(_row(question) for question in asked),
        reviews=_reviews(loaded, reader),
        decided=_decided(loaded, reader.zone),
        change=change,
        span=span,
        missing=f"{summary.asked - summary.answered} / {summary.asked}",
        releases=tuple(ReleaseRow(one.act, one.to or _("(erased)"), one.until, one.stands(today)) for one in allowed),
        open=row.ended_at is None,
        screen_again=any(q.topic is Topic.GAP and q.answer is Answer.YES for q in asked),
    )


def _ended(loaded: Loaded) -> tuple[str, str, str] | None:
    """How a course that is over ended; None while it runs."""
    ended = loaded.state.ended.what if loaded.state.ended else None
    return ("none", _("The course has ended"), str(_ending(ended))) if isinstance(ended, CourseEnded) else None


def _ending(what: CourseEnded) -> object:
    return ENDINGS.get(what.ending.value, what.ending.value)


def _verdict(asked: tuple[Question, ...]) -> tuple[str, str, str]:
    """The one thing at the top: a rule that says stop, what is not known, a gap, a booster, then nothing."""
    stops = [q for q in asked if q.topic is Topic.STOP]
    if any(q.answer is Answer.YES for q in stops):
        return "stop", _("A rule of the plan says stop"), _("Decide: stop, or go on by name")
    if any(q.answer is Answer.UNKNOWN for q in stops):
        return "unk", _("A rule lacks a fact"), _("Not known whether to go on")
    if any(q.topic is Topic.GAP and q.answer is Answer.YES for q in asked):
        return (
            "held",
            _("The decision to treat is too old, or was never made here"),
            _("Screen again before the next dose"),
        )
    if any(q.topic is Topic.BOOSTER and q.answer is Answer.YES for q in asked):
        return "open", _("The plan's booster rule holds"), _("Decide on a booster")
    return "ok", _("No rule says stop"), _("Go on as planned")


def _row(question: Question) -> QuestionRow:
    bad = question.topic in (Topic.STOP, Topic.LOSS, Topic.GAP)
    level, word = {
        Answer.YES: ("no" if bad else "ok", _("Yes")),
        Answer.NO: ("ok" if bad else "planned", _("No")),
        Answer.UNKNOWN: ("unk", _("Not known")),
        Answer.NOT_YET: ("planned", _("Not yet")),
    }[question.answer]
    if question.topic is Topic.TAPER:
        level, word = "info", _("Untested")  # no rule says yes or no here
    sources = load_references()
    source = sources[question.source].title if question.source in sources else question.source
    return QuestionRow(level, word, question.title, question.words, question.why, source)


def _reviews(loaded: Loaded, reader: Reader) -> tuple[ReviewRow, ...]:
    rows = []
    for due in overview(loaded.protocol, loaded.state, reader.at, reader.zone):
        if due.kind == "review" and due.state in (State.OPEN, State.LATE, State.HELD, State.NOT_KNOWN):
            question = getattr(loaded.protocol.step(due.step).activity, "question", "")
            address = reverse("course:record", args=[loaded.row.key, "held"])
            rows.append(ReviewRow(due.title, question, f"{address}?step={due.step}:{due.occurrence}"))
    return tuple(rows)


def _decided(loaded: Loaded, zone: tzinfo) -> tuple[DecidedRow, ...]:
    """Every review's decision and the end, the newest first, with the words that go with them."""
    words = {Decision.GO_ON: _("Go on"), Decision.CHANGE: _("Change the plan"), Decision.STOP: _("Stop")}
    told = words_of(loaded.row, "StepHeld") | words_of(loaded.row, "CourseEnded")
    found = []
    for event in standing(loaded.state.log):
        match event.what:
            case StepHeld(step=step, decision=Decision() as decision):
                said = f"{loaded.protocol.step(step).title}: {words[decision]}"
            case CourseEnded() as ended:
                said = f"{_('The course ended')}: {_ending(ended)}"
            case _:
                continue
        when = event.observed_at.astimezone(zone).strftime("%-d %b %Y")
        found.append(DecidedRow(said, when, told.get(event.id, "")))
    return tuple(found[::-1])


def _change(summary: Summary) -> tuple[str, str]:
    curve = summary.curve
    if curve.change is None or curve.first is None or curve.last is None:
        return _("Not known"), _("There is no score before treatment and one after it.")
    change = f"{curve.first.value:g} → {curve.last.value:g} ({curve.change:+g})"
    if curve.span is None:
        return change, _("Its error of measurement is not known.")
    words = {"low": f"{curve.span[0]:+g}", "high": f"{curve.span[1]:+g}"}
    beyond = _("beyond error of measurement") if curve.beyond_noise else _("error of measurement alone explains it")
    return change, _("between %(low)s and %(high)s points") % words + f"; {beyond}"
