"""Small real protocols and events for tests: the fewest words that make a course."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from unstuck.core import events as ev
from unstuck.core.activities import (
    AfterEachDose,
    AfterEnrolment,
    AfterStep,
    AfterTherapy,
    Assess,
    Consent,
    Dose,
    Expose,
    Prepare,
    Review,
)
from unstuck.core.conditions import All, AtMost, FallAtLeast, Is, Not, Since, Within
from unstuck.core.course import Course
from unstuck.core.protocol import (
    Arm,
    DoseUnit,
    Endpoint,
    Gate,
    Limit,
    MonitoringPlan,
    Otherwise,
    Protocol,
    Regimen,
    Repeat,
    Route,
    Step,
    Strength,
)
from unstuck.core.record import record
from unstuck.core.time import Span, Window

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CAP_MG = 50.0


def window(low: str, target: str, high: str) -> Window:
    return Window(Span.parse(low), Span.parse(target), Span.parse(high))


def pressure_gate(before: str = "dose") -> Gate:
    rule = Within(Span.parse("60 min"), All((AtMost("systolic_mmhg", 140), AtMost("diastolic_mmhg", 90))))
    return Gate("pressure", before, rule, Otherwise.HOLD, "A high pressure rises further.", "site")


def step(key: str, activity: object, after: object, timing: tuple[str, str, str], **more: object) -> Step:
    return Step(key, key.replace("_", " ").capitalize(), activity, after, window(*timing), "site", **more)  # type: ignore[arg-type]


def small_protocol(**changes: object) -> Protocol:
    """Consent, baseline, three doses at least a day apart, therapy after each, a review and a booster by rule."""
    steps = (
        step("consent", Consent("ketamine"), AfterEnrolment(), ("0 d", "1 d", "7 d")),
        step("baseline", Assess(("pcl5_week",)), AfterEnrolment(), ("0 d", "1 d", "7 d")),
        step("prepare", Prepare(90), AfterStep("consent"), ("0 d", "1 d", "7 d")),
        step(
            "infusion",
            Dose("study_drug"),
            AfterStep("prepare"),
            ("1 d", "2 d", "7 d"),
            repeat=Repeat(3, window("2 d", "2 d", "4 d")),
            needs=("consent", "prepare"),
        ),
        step("therapy", Expose("pe", 90), AfterEachDose(), ("24 h", "48 h", "72 h")),
        step("weekly", Assess(("pcl5_week",)), AfterStep("infusion", 3), ("5 d", "7 d", "9 d")),
        step("decide", Review("Go on?"), AfterTherapy(3), ("1 d", "7 d", "14 d")),
        step(
            "booster",
            Dose("study_drug"),
            AfterStep("decide"),
            ("7 d", "14 d", "60 d"),
            when=Not(FallAtLeast("pcl5_week.total", 15, Since.BASELINE)),
        ),
    )
    made = Protocol(
        key="small",
        version="1",
        title="A small protocol",
        summary="For tests.",
        sources=("site",),
        strength=Strength.NONE,
        strength_why="Made for tests.",
        steps=steps,
        regimens=(
            Regimen("ketamine", "ketamine", Route.IV_INFUSION, 0.5, DoseUnit.MG_PER_KG, "site", 40, CAP_MG, 1.0),
            Regimen("midazolam", "midazolam", Route.IV_INFUSION, 0.045, DoseUnit.MG_PER_KG, "site", 40, 5.0),
        ),
        gates=(pressure_gate(), Gate("consent_stands", "dose", Is("consent", True), Otherwise.HOLD, "", "site", False)),
        limits=(Limit("dose", 3, Span.parse("7 d"), "site"),),
        monitoring=MonitoringPlan("strict", (), (), AtMost("systolic_mmhg", 150), 60, "dose_end", "site"),
        arms=(
            Arm("ketamine", "Ketamine", 1, (("study_drug", "ketamine"),)),
            Arm("midazolam", "Midazolam", 1, (("study_drug", "midazolam"),)),
        ),
        endpoints=(
            Endpoint("response", "Response", "response", "pcl5_week", "total", "site", fall_points=15, primary=True),
            Endpoint("relapse", "Relapse", "relapse", "pcl5_week", "total", "site", fall_points=15),
            Endpoint("remission", "End state", "remission", "pcl5_week", "total", "site", at_most=28),
            Endpoint(
                "none", "No response", "non_response", "pcl5_week", "total", "site", fall_points=15, after_doses=3
            ),
        ),
        hash="h" * 64,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


_numbers = itertools.count(1)


def event(what: ev.What, hours: float = 0.0, late: float = 0.0, course: str = "c1") -> ev.Event:
    """`what`, observed `hours` after START and recorded `late` hours after that."""
    at = START + timedelta(hours=hours)
    return ev.Event(f"e{next(_numbers)}", course, at, at + timedelta(hours=late), "a1", ev.Origin.SIMULATED, what)


def enrolled(protocol: Protocol, arm: str | None = "ketamine") -> ev.Event:
    return event(ev.Enrolled(protocol.key, protocol.version, protocol.hash, arm))


def pcl5(total: float, hours: float, step_key: str | None, occurrence: int = 1, for_care: bool = True) -> ev.Event:
    answers = (("item1", total),)
    what = ev.AssessmentCompleted(
        "pcl5_week", "1", "simulated", answers, (("total", total),), step_key, occurrence, (), for_care
    )
    return event(what, hours)


def pressure(systolic: float, hours: float, diastolic: float = 80.0) -> list[ev.Event]:
    return [
        event(ev.ReadingTaken("systolic_mmhg", systolic), hours),
        event(ev.ReadingTaken("diastolic_mmhg", diastolic), hours),
    ]


def dose(occurrence: int, hours: float, mg: float = 35.0, step_key: str = "infusion", **changes: object) -> ev.Event:
    made = ev.DoseGiven(step_key, occurrence, "ketamine", "iv_infusion", mg, 70.0, 40.0, "ketamine")
    return event(replace(made, **changes), hours)  # type: ignore[arg-type]


def before_dose(protocol: Protocol) -> list[ev.Event]:
    """Everything up to the readings before the first dose at hour 72."""
    return [
        enrolled(protocol),
        event(ev.ConsentGiven("ketamine", "1", "consent"), 2),
        pcl5(50, 3, "baseline"),
        event(ev.StepHeld("prepare", 1, 90), 26),
        *pressure(120, 71.5),
    ]


def whole_course(protocol: Protocol, final: float = 30) -> list[ev.Event]:
    """Three doses two days apart, each with therapy the next day, and a last score."""
    happened = before_dose(protocol)
    for number in (1, 2, 3):
        hours = 72 + 48 * (number - 1)
        happened += pressure(125, hours - 0.25)
        happened += [dose(number, hours), event(ev.StepHeld("therapy", number, 90), hours + 26)]
    return [*happened, pcl5(final, 72 + 96 + 7 * 24, "weekly")]


def recorded(protocol: Protocol, happened: list[ev.Event]) -> Course:
    course = Course()
    for one in happened:
        course = record(protocol, course, one)
    return course
