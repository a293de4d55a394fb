"""The reference simulator: one course after another through the core's own functions, in order of time.

A short loop: which occurrence of which step is next (`Moments`, on which `due` rests), may it be done (`verdict`), do
it (`record`). A closed gate is never passed: the step is tried again the next day while its window lasts, and then
skipped with the rule's key as its reason.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from unstuck.core import events as ev
from unstuck.core.conditions import FallAtLeast, RiseAtMost, Truth, leaves
from unstuck.core.occurrences import Moments
from unstuck.core.protocol import (
    Assess,
    Consent,
    Contact,
    Dose,
    Expose,
    Integrate,
    Otherwise,
    Prepare,
    Review,
    Step,
    gates_of,
)
from unstuck.core.schedule import stops
from unstuck.core.time import closes, opens, shift
from unstuck.core.verdict import Verdict, verdict
from unstuck.lab.patients.leaving import leaving_chance
from unstuck.lab.patients.living import Held
from unstuck.lab.patients.vitals import READINGS, patient_stream
from unstuck.lab.trials import sessions
from unstuck.lab.trials.desk import DAY, Desk
from unstuck.lab.trials.facts import find_out

HORIZON = timedelta(days=400)  # after enrolment; no protocol of the library runs longer
FAR = datetime.max.replace(tzinfo=UTC)
PAUSE = timedelta(minutes=5)  # between the readings before a dose and the dose
AFTERTHOUGHT = DAY  # a step that nobody did is written off a day after its window
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Chance:
    """One occurrence that could be done: when it would be, and when its window is over."""

    at: datetime
    place: int
    step: Step
    occurrence: int
    closes: datetime

    @property
    def key(self) -> Key:
        """Step and occurrence."""
        return self.step.key, self.occurrence


@dataclass
class Walk:
    """The state of the loop beside the course: what is tried again when, and what is already arranged."""

    desk: Desk
    now: datetime
    not_before: dict[Key, datetime] = field(default_factory=dict)
    given_up: set[Key] = field(default_factory=set)
    arranged: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    numbered: int = 0
    leaves_at: datetime | None = None

    def arrange(self, at: datetime, what: Callable[[datetime], None]) -> None:
        """Does `what` at that instant, before any step that is due then."""
        self.numbered += 1
        heapq.heappush(self.arranged, (at, self.numbered, what))


def walk(desk: Desk, arm: str | None) -> Desk:
    """Takes the course from enrolment to its end. Every event has passed `record`."""
    protocol = desk.protocol
    desk.write(ev.Enrolled(protocol.key, protocol.version, protocol.hash, arm), desk.start, "sim-desk")
    _who(desk)
    state = Walk(desk, desk.start)
    while not desk.course.is_over:
        _next(state)
    return desk


def _who(desk: Desk) -> None:
    person = desk.patient.person
    facts: dict[str, float | bool | str] = {
        "person.age_years": float(person.age_years),
        "person.sex": person.sex,
        "person.veteran": person.veteran,
        "person.pregnancy_possible": person.pregnancy_possible,
    }
    for name, value in facts.items():
        desk.stated[name] = desk.start
        desk.write(ev.FactStated(name, value), desk.start, "sim-desk")


def _next(state: Walk) -> None:
    """One turn of the loop: leave, do what is arranged, or try the step that comes first."""
    chance = min(_chances(state), key=lambda c: (c.at, c.place, c.occurrence), default=None)
    arranged = state.arranged[0][0] if state.arranged else FAR
    first = min(arranged, chance.at if chance else FAR)
    if first > state.desk.start + HORIZON:
        return _end(state, ev.Ending.COMPLETED, state.now)
    if chance is not None and chance.at <= state.desk.start + HORIZON and _is_gone(state, first):
        return _drops_out(state)
    state.now = max(state.now, first)
    if chance is not None and first < arranged:
        return _attempt(state, chance)
    while state.arranged and state.arranged[0][0] == first:
        heapq.heappop(state.arranged)[2](first)
    return None


def _is_gone(state: Walk, at: datetime) -> bool:
    """Whether the person has left by then; nobody leaves a course in which nothing more is planned."""
    return state.leaves_at is not None and state.leaves_at <= at


def _drops_out(state: Walk) -> None:
    desk, at = state.desk, state.leaves_at
    assert at is not None
    withdraws = patient_stream(desk.patient, "manner of leaving").chance(desk.patient.frame.figures.withdraws)
    _end(state, ev.Ending.WITHDREW if withdraws else ev.Ending.LOST, max(at, state.now))


def _end(state: Walk, ending: ev.Ending, at: datetime) -> None:
    state.desk.write(ev.CourseEnded(ending), at, "sim-desk")


def _chances(state: Walk) -> Iterator[Chance]:
    """Every occurrence whose window is known and that is neither done, skipped nor given up."""
    desk = state.desk
    moments = Moments(desk.protocol, desk.course, desk.zone)
    for place, step in enumerate(desk.protocol.steps):
        if sessions.is_silent(desk, step):
            continue  # the source states no amount, so that nobody can give it
        for occurrence in moments.occurrences(step):
            key = (step.key, occurrence)
            if desk.course.settled(*key) or key in state.given_up:
                continue
            chance = _chance(state, moments, step, occurrence, place)
            if chance is not None:
                yield chance
            if step.when is not None or (step.repeat and chance is None):
                break


def _chance(state: Walk, moments: Moments, step: Step, occurrence: int, place: int) -> Chance | None:
    """When this occurrence would be done; None while its anchor has not happened or its condition does not hold."""
    desk = state.desk
    anchor, window = moments.anchor(step, occurrence), moments.window(step, occurrence)
    if anchor is None or not anchor.actual:
        return None
    last = closes(anchor.at, window, desk.zone)
    on_time = max(shift(anchor.at, window.target, desk.zone), opens(anchor.at, window, desk.zone))
    at = state.not_before.get((step.key, occurrence)) or _some_come_late(desk, step, occurrence, on_time, last)
    at = max(at, state.now)
    if step.when is not None and not _condition_holds(desk, step, occurrence, at, last):
        return None
    return Chance(at, place, step, occurrence, last)


def _some_come_late(desk: Desk, step: Step, occurrence: int, at: datetime, last: datetime) -> datetime:
    """A few visits slip by a day where the window allows it."""
    luck = patient_stream(desk.patient, f"late {step.key}", occurrence)
    late = luck.chance(desk.patient.frame.figures.late_visit)
    return at + DAY if late and not isinstance(step.activity, Consent) and at + DAY < last else at


def _condition_holds(desk: Desk, step: Step, occurrence: int, at: datetime, last: datetime) -> bool:
    if at >= last:
        return False
    rules = verdict(desk.protocol, desk.course, step.key, occurrence, at).rules
    return all(rule.truth is Truth.HOLDS for rule in rules if rule.key == "when")


def _attempt(state: Walk, chance: Chance) -> None:
    """Does the occurrence, or puts it off, or writes it off."""
    desk, step = state.desk, chance.step
    unanswered = _unanswered(desk, chance)
    if chance.at >= chance.closes:
        return _write_off(state, chance, "not_answered" if unanswered else "missed")
    if unanswered:
        state.not_before[chance.key] = chance.closes + AFTERTHOUGHT
        return None
    if gates_of(desk.protocol, step) or isinstance(step.activity, Dose):
        find_out(desk, step, chance.occurrence, chance.at, sessions.visit_of(desk, step, chance.occurrence))
    at = _moment(chance)
    said = verdict(desk.protocol, desk.course, step.key, chance.occurrence, at)
    return _do(state, chance, at) if said.opens else _closed(state, chance, said)


def _moment(chance: Chance) -> datetime:
    """When it is done: a dose a few minutes after the readings before it, where the window leaves them."""
    later = chance.at + PAUSE
    return later if isinstance(chance.step.activity, Dose) and later < chance.closes else chance.at


def _unanswered(desk: Desk, chance: Chance) -> bool:
    """Whether a questionnaire that the person fills in alone stays unanswered."""
    activity = chance.step.activity
    if not isinstance(activity, Assess) or activity.by != "patient" or activity.readings or not desk.course.doses:
        return False
    luck = patient_stream(desk.patient, f"unanswered {chance.step.key}", chance.occurrence)
    return luck.chance(desk.patient.frame.figures.unanswered)


def _closed(state: Walk, chance: Chance, said: Verdict) -> None:
    """A rule keeps the step closed: stop or skip where it says so, else try again tomorrow while there is time."""
    first = said.unmet[0]
    if stops(said):
        return _end(state, _why_stopped(state.desk, said), chance.at)
    if any(r.otherwise is Otherwise.SKIP for r in said.unmet):
        return _write_off(state, chance, first.key)
    if chance.at + DAY < chance.closes:
        state.not_before[chance.key] = chance.at + DAY
        return None
    return _write_off(state, chance, first.key)


def _why_stopped(desk: Desk, said: Verdict) -> ev.Ending:
    """A rule on change means no response, a rule on consent a withdrawal, any other a harm to be avoided."""
    failed = {r.key for r in said.unmet if r.otherwise is Otherwise.STOP}
    rules = [leaf for gate in desk.protocol.gates if gate.key in failed for leaf in leaves(gate.rule)]
    if any(isinstance(leaf, FallAtLeast | RiseAtMost) for leaf in rules):
        return ev.Ending.STOPPED_NO_RESPONSE
    return ev.Ending.WITHDREW if any(leaf.fact == "consent" for leaf in rules) else ev.Ending.STOPPED_HARM


def _write_off(state: Walk, chance: Chance, reason: str) -> None:
    """Skips the occurrence with a code for the reason; what was optional is left without a word."""
    if chance.step.optional:
        state.given_up.add(chance.key)
        return
    at = max(state.now, chance.at)
    state.desk.write(ev.StepSkipped(*chance.key, re.sub(r"[^\w.:/+\-]", "_", reason)), at, "sim-desk")


def _do(state: Walk, chance: Chance, at: datetime) -> None:
    desk, step, occurrence = state.desk, chance.step, chance.occurrence
    state.now = max(state.now, at)
    match step.activity:
        case Consent(form):
            desk.write(ev.ConsentGiven(form, "1", step.key, occurrence), at, "sim-prescriber")
        case Assess() as activity:
            _measure(state, chance, activity, at)
        case Dose():
            _dose(state, chance, at)
        case Expose(therapy, minutes):
            desk.write(ev.StepHeld(step.key, occurrence, minutes), at, "sim-therapist")
            desk.patient.treated(desk.day(at), Held(therapy))
            _treatment_began(state, at)
            _may_leave_therapy(state, at)
        case Prepare(minutes) | Integrate(_, minutes):
            desk.write(ev.StepHeld(step.key, occurrence, minutes), at, "sim-therapist")
        case Review():
            desk.write(ev.StepHeld(step.key, occurrence, None, _decision(desk)), at, "sim-prescriber")
        case Contact():
            desk.write(ev.StepHeld(step.key, occurrence), at, "sim-nurse")


def _measure(state: Walk, chance: Chance, activity: Assess, at: datetime) -> None:
    """Measures, unless the person leaves instead of it (MNAR); may make the person leave after it (MAR)."""
    desk, rule = state.desk, state.desk.leaver
    if rule is None or rule.instrument not in activity.instruments or not desk.patient.history.count:
        return _assess(desk, chance, activity.instruments, activity.readings, at)
    luck = patient_stream(desk.patient, f"leaves {chance.step.key}", chance.occurrence).uniform()
    family = desk.instruments[rule.instrument].family
    if not rule.seen and luck < leaving_chance(rule, desk.patient.true_total(family, desk.day(at))):
        return _end(state, ev.Ending.LOST, at)
    _assess(desk, chance, activity.instruments, activity.readings, at)
    seen = desk.course.series[f"{rule.instrument}.total"][-1].value
    if rule.seen and luck < leaving_chance(rule, float(seen)):
        state.leaves_at = at + timedelta(minutes=1)
    return None


def _assess(desk: Desk, chance: Chance, instruments: tuple[str, ...], names: tuple[str, ...], at: datetime) -> None:
    for instrument in instruments:
        desk.assess(instrument, chance.step.key, chance.occurrence, at)
    visit = sessions.visit_of(desk, chance.step, chance.occurrence) if names else None
    for name in names:
        if visit is not None and name in READINGS:
            value = visit.reading(name, -10, round(desk.day(at) * 1440))
            desk.write(ev.ReadingTaken(name, value, chance.step.key, chance.occurrence), at)


def _decision(desk: Desk) -> ev.Decision:
    """Goes on where the curve has fallen, else asks for a change; nobody is stopped by a review alone."""
    curve = [e.what for e in desk.course.assessments if isinstance(e.what, ev.AssessmentCompleted)]
    totals = [dict(w.scores).get("total") for w in curve if w.instrument == desk.protocol.curve]
    numbers = [float(t) for t in totals if isinstance(t, int | float)]
    return ev.Decision.GO_ON if len(numbers) < 2 or numbers[-1] < numbers[0] else ev.Decision.CHANGE


def _treatment_began(state: Walk, at: datetime) -> None:
    """From the first treatment on, the person's day of leaving is fixed; most never reach it."""
    if state.desk.patient.history.count == 1 and state.desk.leaver is None:
        after = state.desk.patient.dropout_after()
        state.leaves_at = at + timedelta(minutes=round(after * 1440)) if after < HORIZON.days else None


def _may_leave_therapy(state: Walk, at: datetime) -> None:
    """Who has decided to come to no further session leaves the next day."""
    if state.desk.patient.left_therapy(state.desk.day(at)):
        state.leaves_at = min(state.leaves_at or FAR, at + DAY)


def _dose(state: Walk, chance: Chance, at: datetime) -> None:
    """Gives the dose and arranges readings, side effects and going home."""
    desk, step, occurrence = state.desk, chance.step, chance.occurrence
    sessions.give(desk, step, occurrence, at)
    _treatment_began(state, at)
    for planned in sessions.readings(desk, step, at):
        state.arrange(planned[0], partial(_take, desk, chance, planned))
    over = sessions.leaving_at(desk, step, at)
    state.arrange(over, lambda moment: sessions.side_effects(desk, step, occurrence, moment))
    _go_home(state, chance, over)


def _take(desk: Desk, chance: Chance, planned: sessions.Planned, at: datetime) -> None:
    sessions.take(desk, chance.step, chance.occurrence, planned)


def _go_home(state: Walk, chance: Chance, at: datetime) -> None:
    """Tries to discharge at `at`, and again while the rule does not hold."""

    def try_at(moment: datetime) -> None:
        again = sessions.leave(state.desk, chance.step, chance.occurrence, moment)
        if again is not None:
            _go_home(state, chance, again)

    state.arrange(at, try_at)
