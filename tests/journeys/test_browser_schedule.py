"""What the browser works out of a visit is what the core says: phase, run, readings due, alarms and calls.

Each generated visit is cut at an instant: what lies before it comes as the server's state, what lies after it waits on
the device as filled-in forms. The core sees all of it as recorded events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, Route

import unstuck.clinic.session
from tests.builders import START, before_dose, event, pcl5, recorded, small_protocol
from tests.strategies import conditions
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.session.queries import Live, Place
from unstuck.clinic.session.state import state_plain
from unstuck.core import events as ev
from unstuck.core import session_events as live
from unstuck.core.conditions import Any as AnyOf
from unstuck.core.conditions import AtLeast, AtMost, RiseAtMost, Since, facts_of
from unstuck.core.course import Course
from unstuck.core.errors import Complaint
from unstuck.core.protocol import AlertRule, BedsideLimit, Protocol, ReadingPlan, RescueStep, WorseStep
from unstuck.core.record import record
from unstuck.core.rescue import OVER, Emergency
from unstuck.core.session import session

SCRIPTS = Path(unstuck.clinic.session.__file__).parent / "static" / "session"
PLACE = Place("infusion", 1)
BEGAN_H, ML = 72.0, 4.0
READ = ("systolic_mmhg", "pulse_per_min", "spo2_percent")
MEASURES = ("airway_opened", "oxygen_given", "grounding", OVER)
RESCUE = tuple(RescueStep(key, key, 60 * n, "site") for n, key in enumerate(MEASURES[:2]))


@dataclass(frozen=True)
class Visit:
    """A protocol, what happened from the dose on (minutes after it, and what), the cut and the instant to look at."""

    protocol: Protocol
    happened: tuple[tuple[float, ev.What], ...]
    cut_min: float
    at_min: float


@pytest.fixture(scope="module")
def device(chromium: Browser) -> Iterator[Page]:
    """A page that has loaded the schedule with the modules that it imports."""

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if not name:
            route.fulfill(body="<!doctype html>", content_type="text/html")
        else:
            route.fulfill(body=(SCRIPTS / name).read_text(encoding="utf-8"), content_type="text/javascript")

    page = chromium.new_page()
    page.route("http://unstuck.test/**", answer)
    page.goto("http://unstuck.test/")
    page.evaluate(
        "async () => { window.device = await import('/schedule.js'); window.run = await import('/infusion.js') }"
    )
    yield page
    page.close()


limits_of_a_plan = st.fixed_dictionaries(
    {"alarm_take_s": st.integers(10, 300)},
    optional={"alarm_recheck_min": st.integers(1, 15), "peak_min.iv_infusion": st.integers(1, 30)},
)
rows = st.builds(
    ReadingPlan,
    st.lists(st.sampled_from((*READ, "pcl5_week")), min_size=1, max_size=2, unique=True).map(tuple),
    st.sampled_from(("before", "during", "during", "after")),
    st.none() | st.integers(1, 20),
    st.just("site"),
    st.just(()) | st.lists(st.integers(0, 60), min_size=1, max_size=3, unique=True).map(lambda m: tuple(sorted(m))),
)
plain_rules = st.one_of(
    st.builds(AtLeast, st.sampled_from(READ), st.integers(90, 170).map(float)),
    st.builds(AtMost, st.sampled_from(READ), st.integers(60, 140).map(float)),
    st.builds(RiseAtMost, st.sampled_from(READ), st.integers(0, 40).map(float), st.sampled_from(Since)),
    st.builds(lambda a, b: AnyOf((a, b)), st.builds(AtLeast, st.just(READ[0]), st.just(150.0)), conditions),
    conditions,
)


@st.composite
def protocols(draw: st.DrawFn) -> Protocol:
    """The small protocol under a generated plan of the bedside."""
    small = small_protocol()
    assert small.monitoring is not None
    rules = draw(st.lists(st.tuples(plain_rules, st.booleans(), st.booleans()), max_size=4))
    alerts = tuple(
        AlertRule(f"alert_{n}", r, "Look.", urgent, "site", life) for n, (r, urgent, life) in enumerate(rules)
    )
    pairs = [(alert.key, fact) for alert in alerts for fact in facts_of(alert.rule)]
    steps = st.tuples(st.sampled_from(pairs), st.integers(-40, 40).filter(bool)) if pairs else st.nothing()
    worse = tuple(WorseStep(*pair, float(by), "site") for pair, by in draw(st.lists(steps, max_size=4 if pairs else 0)))
    limits = tuple(BedsideLimit(k, float(v), "site") for k, v in draw(limits_of_a_plan).items())
    plan = replace(
        small.monitoring,
        readings=tuple(draw(st.lists(rows, max_size=3))),
        alerts=alerts,
        limits=limits,
        worse=worse,
        rescue=RESCUE,
        stay_min=draw(st.none() | st.integers(0, 120)),
        stay_from=draw(st.sampled_from(("dose_start", "dose_end"))),
    )
    return small_protocol(monitoring=plan)


def whats(protocol: Protocol) -> st.SearchStrategy[ev.What]:
    """Anything that a page may write in a running session, as the core knows it."""
    assert protocol.monitoring is not None
    here = (st.just("infusion"), st.just(1))
    keys = [alert.key for alert in protocol.monitoring.alerts] or ["none"]
    read = st.tuples(st.sampled_from(READ), st.integers(40, 200).map(float))
    flow = st.builds(live.InfusionChanged, *here, st.sampled_from(live.Flow), st.sampled_from((0.1, 0.25, 0.5, 1.0)))
    return st.one_of(
        *[read.map(lambda pair: ev.ReadingTaken(*pair, "infusion", 1, "during"))] * 4,
        flow.map(lambda f: f if f.flow is live.Flow.RATE else replace(f, rate_mg_per_min=None)),
        st.builds(live.AlarmAnswered, *here, st.sampled_from(keys), st.sampled_from(live.Answer)),
        st.builds(live.Called, *here, st.sampled_from(live.Call), st.just("staff")),
        st.builds(live.CallAnswered, *here, st.sampled_from(live.Call), st.just("a1")),
        st.sampled_from(MEASURES).map(lambda measure: live.MeasureTaken("infusion", 1, measure)),
        st.just(live.PresenceNoted("infusion", 1, "a1", "nurse", True)),
    )


@st.composite
def worsened(draw: st.DrawFn, protocol: Protocol, last_min: float) -> list[tuple[float, ev.What]]:
    """An alarm that rings, is taken, and is read again about one of the plan's steps further out."""
    plan = protocol.monitoring
    steps = [step for step in plan.worse if step.reading in READ] if plan else []
    if not steps or last_min < 4:
        return []
    step = draw(st.sampled_from(steps))
    start, first = draw(st.integers(0, int(last_min) - 3)), draw(st.integers(80, 160))
    second = first + step.by + draw(st.sampled_from((-1, 0, 1)))

    def read(value: float) -> ev.What:
        return ev.ReadingTaken(step.reading, float(value), "infusion", 1, "during")

    taken = live.AlarmAnswered("infusion", 1, step.alert, live.Answer.TAKEN)
    return [(start, read(first)), (start + 1, taken), (start + 2, read(second))]


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    protocol = draw(protocols())
    at_min = draw(st.integers(1, 200)) + 0.51
    minutes = st.integers(0, int(at_min * 60)).map(lambda s: s / 60)
    drawn = draw(st.lists(st.tuples(minutes, whats(protocol)), max_size=20)) + draw(worsened(protocol, at_min))
    happened = sorted(drawn, key=lambda pair: pair[0])
    return Visit(
        protocol, tuple(happened), draw(st.integers(0, 200)) + 0.11, at_min
    )  # the score 3.6 s after the dose is known


def hours(minutes: float) -> float:
    return BEGAN_H + minutes / 60


def begun(protocol: Protocol) -> Course:
    """Everything before the dose, check-in, a reading, the dose of 20 mg in 4 mL over 40 minutes, and a score."""
    opened = live.SessionOpened("infusion", 1, "chair_1", ("name", "born_on"))
    before = ev.ReadingTaken("systolic_mmhg", 120.0, "infusion", 1, "before")
    given = ev.DoseGiven("infusion", 1, "ketamine", "iv_infusion", 20.0, 80.0, 40.0, "ketamine", "", "", ML, "mL")
    more = [event(opened, BEGAN_H - 0.2), event(before, BEGAN_H - 0.1), event(given, BEGAN_H)]
    return recorded(protocol, [*before_dose(protocol), *more, pcl5(40.0, BEGAN_H + 0.001, None)])


def both(visit: Visit) -> tuple[Course, Course, list[dict[str, Any]]]:
    """The course as the server knew it at the cut, the course with everything, and the forms that wait."""
    known = whole = begun(visit.protocol)
    forms = []
    for minutes, what in visit.happened:
        happening = event(what, hours(minutes))
        try:
            after = record(visit.protocol, whole, happening)
        except Complaint:
            continue  # the core lets nothing of the kind in, so neither side has it
        whole = after
        if minutes <= visit.cut_min:
            known = record(visit.protocol, known, happening)
        else:
            forms.append(form_of(what, happening.observed_at))
    return known, whole, forms


def form_of(what: ev.What, at: datetime) -> dict[str, Any]:
    """The filled-in form that means this event."""
    match what:
        case ev.ReadingTaken(name, value):
            fields = {"kind": ["readings"], name: [f"{value:g}"], "minutes_ago": ["0"]}
        case live.InfusionChanged():
            fields = {"kind": ["flow"], "flow": [what.flow.value]}
            if what.rate_mg_per_min is not None:
                fields["rate_ml_per_h"] = [repr(what.rate_mg_per_min * 60 * ML / 20)]
        case live.MeasureTaken():
            fields = {"kind": ["measure"], "measure": [what.measure]}
        case live.AlarmAnswered():
            fields = {"kind": ["alarm"], "alarm": [what.alarm], "answer": [what.answer.value]}
        case live.Called():
            fields = {"kind": ["call"], "call": [what.call.value], "by": [what.by]}
        case live.CallAnswered():
            fields = {"kind": ["came"], "call": [what.call.value], "who": [what.who]}
        case _:
            fields = {"kind": ["presence"], "who": ["a1:staff"], "present": ["yes"]}
    return {"id": "x", "who": "a1", "observed_at": at.isoformat(), "fields": fields, "status": "waiting"}


def plain(visit: Visit, known: Course, forms: list[dict[str, Any]]) -> dict[str, Any]:
    at = START + timedelta(hours=hours(visit.at_min))
    seen = min(at, START + timedelta(hours=hours(visit.cut_min)))
    stands = session(visit.protocol, known, "infusion", 1, seen)
    loaded = Loaded(SimpleNamespace(key="c1"), visit.protocol, known)  # type: ignore[arg-type]
    return {"state": state_plain(Live(loaded, PLACE, None, stands), True, seen), "forms": forms, "at": at.isoformat()}


def ms(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp() * 1000


def by_core(visit: Visit, whole: Course) -> dict[str, Any]:
    at = START + timedelta(hours=hours(visit.at_min))
    said = session(visit.protocol, whole, "infusion", 1, at)
    assert said.run is not None
    alarms = [
        (a.rule.key, ms(a.raised_at), a.holds, ms(a.taken_at), a.taken_by, ms(a.recheck_by), a.unanswered, a.worse)
        for a in said.alarms
    ]
    return {
        "phase": said.phase.value,
        "clocks": [ms(said.ends_at), ms(said.peak_until), ms(said.stay_until)],
        "given": said.run.given_mg(at) / 20,
        "running": said.run.state(at).value,
        "due": sorted((list(d.readings), ms(d.by)) for d in said.due),
        "alarms": sorted(alarms, key=str),
        "calls": [(c.call, ms(c.at)) for c in said.calls],
        "emergency": emergency_plain(said.emergency),
    }


def emergency_plain(now: Emergency | None) -> list[Any]:
    if now is None:
        return []
    steps = [[one.step.key, ms(one.by), ms(one.done_at)] for one in now.steps]
    return [ms(now.began_at), steps, [[who, ms(when)] for who, when in now.came]]


LOOK = """(cases) => cases.map(({state, forms, at}) => {
  const now = Date.parse(at), said = device.stand(state, forms, now);
  return {
    phase: said.phase,
    clocks: [said.run.endsAt, said.peakUntil, said.stayUntil],
    given: run.givenShare(said.run, now),
    running: run.runState(said.run, now),
    due: said.due.map((d) => [d.readings, d.by]),
    alarms: said.alarms.map(
      (a) => [a.rule.key, a.raisedAt, a.holds, a.takenAt, a.takenBy, a.recheckBy, a.unanswered, a.worse]),
    calls: said.calls.map((c) => [c.call, c.at]),
    emergency: said.emergency === null ? [] : [said.emergency.beganAt,
      said.emergency.steps.map((s) => [s.key, s.by, s.doneAt]), said.emergency.came.map((c) => [c.who, c.at])],
  };
})"""


def near(one: Any, other: Any) -> bool:
    """Equal, with moments to 2 ms: the browser counts in milliseconds."""
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(near(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float | int) and not isinstance(one, bool) and isinstance(other, float | int):
        return abs(one - other) <= (2 if abs(one) > 1e6 else 1e-6)
    return bool(one == other)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(batch=st.lists(visits(), min_size=8, max_size=20))
def test_browser_and_core_say_the_same_of_a_visit(device: Page, batch: list[Visit]) -> None:
    """Phase, clocks, amount, state of the pump, readings due, alarms with their life, and calls."""
    made = [(visit, *both(visit)) for visit in batch]
    theirs = device.evaluate(LOOK, [plain(visit, known, forms) for visit, known, _whole, forms in made])
    for (visit, _known, whole, _forms), said in zip(made, theirs, strict=True):
        ours = by_core(visit, whole)
        said["due"], said["alarms"] = sorted(said["due"]), sorted(said["alarms"], key=str)
        for what, expected in ours.items():
            assert near(expected, said[what]), (what, expected, said[what])
