"""Hypothesis strategies shared by the suites: random rules and random protocols that hold together."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from unstuck.core import protocol as pr
from unstuck.core.conditions import (
    All,
    Any,
    AtLeast,
    AtMost,
    Condition,
    FallAtLeast,
    ForMinutes,
    Is,
    Not,
    RiseAtMost,
    Since,
    Within,
)
from unstuck.core.sourced import Grade
from unstuck.core.time import Span, Unit, Window

READINGS = ("systolic_mmhg", "diastolic_mmhg", "pulse_per_min", "spo2_percent", "weight_kg")
SCORES = ("pcl5_week.total", "pcl5_week.B", "caps5.total", "phq9.total")
INSTRUMENTS = ("pcl5_week", "caps5", "phq9", "cssrs_screen", "cadss")

numbers = st.integers(-50, 250).map(float) | st.floats(-1e3, 1e3, allow_nan=False)
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=20)
spans = st.builds(Span, st.integers(0, 60), st.sampled_from(Unit))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Any window in order."""
    return Window(*sorted([draw(spans), draw(spans), draw(spans)], key=lambda s: s.minutes))


def leaves() -> st.SearchStrategy[Condition]:
    """A rule about one fact."""
    facts = st.sampled_from(READINGS + SCORES + ("doses", "therapy_sessions"))
    is_ = st.tuples(st.just("cssrs_screen.risk"), st.sampled_from(("low", "moderate", "high"))) | st.tuples(
        st.sampled_from(("consent", "person.pregnancy_possible", "person.escort_reachable")), st.booleans()
    )
    change = (facts, numbers, st.sampled_from(Since), st.booleans())
    return st.one_of(
        st.builds(AtMost, facts, numbers),
        st.builds(AtLeast, facts, numbers),
        is_.map(lambda pair: Is(*pair)),
        st.builds(FallAtLeast, *change),
        st.builds(RiseAtMost, *change),
    )


def _larger(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        several.map(All),
        several.map(Any),
        inner.map(Not),
        st.builds(Within, spans, inner),
        st.builds(ForMinutes, st.integers(1, 120), inner),
    )


conditions = st.recursive(leaves(), _larger, max_leaves=5)


def activities(regimens: Sequence[str]) -> st.SearchStrategy[pr.Activity]:
    """Any activity; doses name one of the regimens."""
    minutes = st.none() | st.integers(10, 480)
    some = st.lists(st.sampled_from(INSTRUMENTS), unique=True, max_size=3).map(tuple)
    read = st.lists(st.sampled_from(READINGS), unique=True, max_size=2).map(tuple)
    return st.one_of(
        st.builds(pr.Assess, some, read, st.sampled_from(("patient", "nurse", "research"))),
        st.builds(pr.Prepare, minutes),
        st.builds(pr.Dose, st.sampled_from(regimens)),
        st.builds(pr.Expose, st.sampled_from([*pr.TherapyKind, "site:own"]).map(str), minutes),
        st.builds(pr.Integrate, st.sampled_from(pr.IntegrationKind).map(str), minutes),
        st.builds(pr.Review, words, st.sampled_from(("prescriber", "therapist"))),
        st.builds(pr.Contact, words),
    )


@st.composite
def steps(draw: st.DrawFn, key: str, earlier: Sequence[pr.Step], regimens: Sequence[str]) -> pr.Step:
    """A step whose anchor is the enrolment, an earlier step, or a dose or session that an earlier step gives."""
    repeat = draw(st.none() | st.builds(pr.Repeat, st.integers(1, 6), windows()))
    after = draw(_anchors(earlier))
    needed = st.lists(st.sampled_from([s.key for s in earlier]), unique=True, max_size=2) if earlier else st.just([])
    activity = draw(activities(regimens).filter(lambda a: not _endless(a, after)))
    return pr.Step(
        key=key,
        title=draw(words),
        activity=activity,
        after=after,
        window=draw(windows()),
        source="someone_2020",
        grade=draw(st.sampled_from(Grade)),
        repeat=None if isinstance(after, pr.AfterEachDose) else repeat,
        when=draw(st.none() | conditions),
        needs=tuple(draw(needed)),
        optional=draw(st.booleans()),
        note=draw(st.just("") | words),
    )


def _endless(activity: pr.Activity, after: pr.Anchor) -> bool:
    """A dose after each dose would never end."""
    return isinstance(activity, pr.Dose) and isinstance(after, pr.AfterEachDose)


def _anchors(earlier: Sequence[pr.Step]) -> st.SearchStrategy[pr.Anchor]:
    choices: list[st.SearchStrategy[pr.Anchor]] = [st.just(pr.AfterEnrolment())]
    choices += [st.builds(pr.AfterStep, st.just(s.key), st.integers(1, s.times)) for s in earlier if s.times]
    if any(isinstance(s.activity, pr.Dose) for s in earlier):
        choices += [st.just(pr.AfterDose(0)), st.just(pr.AfterDose(1)), st.just(pr.AfterEachDose())]
    if any(isinstance(s.activity, pr.Expose) for s in earlier):
        choices.append(st.just(pr.AfterTherapy(1)))
    return st.one_of(choices)


def regimens(key: str) -> st.SearchStrategy[pr.Regimen]:
    """A regimen within what the drug files allow; sometimes with an amount that the source does not tell."""
    return st.builds(
        pr.Regimen,
        key=st.just(key),
        drug=st.sampled_from(("ketamine", "midazolam")),
        route=st.sampled_from(pr.Route),
        amount=st.none() | st.sampled_from((0.0, 0.045, 0.2, 0.5)),
        unit=st.sampled_from(pr.DoseUnit),
        source=st.just("someone_2020"),
        minutes=st.none() | st.integers(1, 60).map(float),
        cap_mg=st.none() | st.integers(1, 50).map(float),
        grade=st.sampled_from(Grade),
        blind_label=st.just("") | words,
        ceiling_mg_per_kg=st.none() | st.sampled_from((0.5, 1.0)),
    )


gates = st.builds(
    pr.Gate,
    key=st.sampled_from(("one", "two")),
    before=st.sampled_from(("dose", "expose", "step_0")),
    rule=conditions,
    otherwise=st.sampled_from(pr.Otherwise),
    why=words,
    source=st.just("someone_2020"),
    override=st.booleans(),
)
limits = st.builds(pr.Limit, st.sampled_from(("dose", "expose")), st.integers(1, 8), spans, st.just("someone_2020"))
endpoints = st.builds(
    pr.Endpoint,
    key=st.sampled_from(("good", "gone")),
    title=words,
    kind=st.sampled_from(("response", "remission", "relapse", "non_response", "change")),
    instrument=st.sampled_from(("pcl5_week", "caps5")),
    scale=st.just("total"),
    source=st.just("someone_2020"),
    fall_percent=st.none() | st.just(30.0),
    fall_points=st.none() | st.just(15.0),
    at_most=st.none() | st.sampled_from((0.0, 28.0)),
    after_doses=st.none() | st.integers(1, 6),
    primary=st.booleans(),
)
plans = st.builds(
    pr.MonitoringPlan,
    profile=st.just("own"),
    readings=st.lists(
        st.builds(
            pr.ReadingPlan,
            st.lists(st.sampled_from(READINGS), min_size=1, unique=True).map(tuple),
            st.sampled_from(("before", "during", "after")),
            st.none() | st.integers(1, 60),
            st.just("someone_2020"),
        ),
        max_size=2,
    ).map(tuple),
    alerts=st.lists(
        st.builds(pr.AlertRule, st.just("alert"), conditions, words, st.booleans(), st.just("someone_2020")), max_size=1
    ).map(tuple),
    discharge=st.none() | conditions,
    stay_min=st.none() | st.integers(0, 240),
    stay_from=st.sampled_from(("dose_start", "dose_end")),
    source=st.just("someone_2020"),
)


@st.composite
def protocols(draw: st.DrawFn, most_steps: int = 6) -> pr.Protocol:
    """A protocol that hangs together: every name in it is defined, and nothing waits for something later."""
    made = [draw(regimens("one")), draw(regimens("two"))]
    listed: list[pr.Step] = []
    for number in range(draw(st.integers(1, most_steps))):
        listed.append(draw(steps(f"step_{number}", listed, [r.key for r in made])))
    return pr.Protocol(
        key="random",
        version=draw(st.sampled_from(("1", "2"))),
        title=draw(words),
        summary=draw(words),
        sources=("someone_2020",),
        strength=draw(st.sampled_from(pr.Strength)),
        strength_why=draw(words),
        steps=tuple(listed),
        regimens=tuple(made),
        gates=tuple(draw(st.lists(gates, max_size=2, unique_by=lambda g: g.key))),
        limits=tuple(draw(st.lists(limits, max_size=1))),
        monitoring=draw(st.none() | plans),
        arms=draw(st.just(()) | st.just(_ARMS)),
        blinded=draw(st.sampled_from(((), ("patient",)))),
        endpoints=tuple(draw(st.lists(endpoints, max_size=2, unique_by=lambda e: e.key))),
        findings=tuple(draw(st.lists(st.builds(pr.Finding, words, st.just("someone_2020")), max_size=1))),
        gaps=tuple(draw(st.lists(words, max_size=2))),
        population=draw(st.just("") | words),
    )


_ARMS = (
    pr.Arm("active", "Active", 2, (("one", "one"), ("two", "two"))),
    pr.Arm("control", "Control", 1, (("one", "two"),)),
)
