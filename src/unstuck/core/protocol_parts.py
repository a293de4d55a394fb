"""Each part of a protocol read from its TOML table; faults are noted, and reading goes on with the next key."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from unstuck.core.conditions import All, Condition
from unstuck.core.errors import Complaint
from unstuck.core.protocol import (
    LIMITS,
    Activity,
    AfterDose,
    AfterEachDose,
    AfterEnrolment,
    AfterStep,
    AfterTherapy,
    AlertRule,
    Anchor,
    Arm,
    Assess,
    BedsideLimit,
    Consent,
    Contact,
    Dose,
    DoseUnit,
    Endpoint,
    Expose,
    Finding,
    Gate,
    Integrate,
    Limit,
    MonitoringPlan,
    OnDate,
    Otherwise,
    Prepare,
    ReadingPlan,
    Regimen,
    Repeat,
    RescueStep,
    Review,
    Route,
    Setting,
    Step,
    WorseStep,
)
from unstuck.core.rule_file import read_rule
from unstuck.core.sourced import Grade
from unstuck.core.time import Window
from unstuck.core.toml_table import Table, near

UNREADABLE = All(())  # stands in for a rule that could not be read; the file is refused anyway


def read_step(table: Table) -> Step:
    """One [[step]]."""
    step = Step(
        key=table.key(),
        title=table.text("title"),
        activity=_activity(table),
        after=_anchor(table),
        window=table.window("window"),
        source=table.text("source"),
        grade=table.choice("grade", Grade, Grade.MEASURED),
        repeat=_repeat(table),
        when=read_condition(table, "when"),
        needs=table.texts("needs", ()),
        optional=table.flag("optional"),
        note=table.text("note", ""),
    )
    table.finish()
    return step


_ACTIVITIES: dict[str, Callable[[Table], Activity]] = {
    "assess": lambda t: Assess(t.texts("instruments", ()), t.texts("readings", ()), t.text("by", "patient")),
    "consent": lambda t: Consent(t.text("form")),
    "prepare": lambda t: Prepare(t.maybe_whole("minutes", least=0)),
    "dose": lambda t: Dose(t.text("regimen"), t.choice("setting", Setting, Setting.SUPERVISED)),
    "expose": lambda t: Expose(t.text("therapy"), t.maybe_whole("minutes", least=0)),
    "integrate": lambda t: Integrate(t.text("manner"), t.maybe_whole("minutes", least=0)),
    "review": lambda t: Review(t.text("question"), t.text("by", "prescriber")),
    "contact": lambda t: Contact(t.text("about"), t.text("by", "nurse")),
}


def _activity(table: Table) -> Activity:
    word = table.text("do")
    if word not in _ACTIVITIES:
        if word:
            table.say("do", f"{word!r} is no kind of activity.", near(word, _ACTIVITIES))
        return Contact("")
    return _ACTIVITIES[word](table)


def _anchor(table: Table) -> Anchor:
    text = table.text("after")
    try:
        return parse_anchor(text)
    except Complaint as wrong:
        if text:
            table.say("after", wrong.what, wrong.mend)
        return AfterEnrolment()


def parse_anchor(text: str) -> Anchor:
    """Read "enrolment", "each dose", "last dose", "dose 3", "therapy 2", "step consent", "step check 2" or a date."""
    words = text.split()
    plain: dict[tuple[str, ...], Anchor] = {
        ("enrolment",): AfterEnrolment(),
        ("each", "dose"): AfterEachDose(),
        ("last", "dose"): AfterDose(0),
    }
    if tuple(words) in plain:
        return plain[tuple(words)]
    match words:
        case ["dose", number] if _counts(number):
            return AfterDose(int(number))
        case ["therapy", number] if _counts(number):
            return AfterTherapy(int(number))
        case ["step", key]:
            return AfterStep(key)
        case ["step", key, number] if _counts(number):
            return AfterStep(key, int(number))
        case ["date", day]:
            return OnDate(_iso_day(day))
    raise Complaint(
        f"after = {text!r} names no anchor.",
        mend='Write "enrolment", "step KEY", "dose 3", "each dose", "last dose", "therapy 2" or "date 2027-01-15".',
    )


def anchor_text(anchor: Anchor) -> str:
    """The anchor as `parse_anchor` reads it."""
    match anchor:
        case AfterEnrolment():
            return "enrolment"
        case AfterEachDose():
            return "each dose"
        case AfterDose(number):
            return f"dose {number}" if number else "last dose"
        case AfterTherapy(number):
            return f"therapy {number}"
        case AfterStep(key, occurrence):
            return f"step {key} {occurrence}" if occurrence != 1 else f"step {key}"
        case OnDate(day):
            return f"date {day}"


def _counts(word: str) -> bool:
    return re.fullmatch(r"[1-9]\d{0,3}", word) is not None


def _iso_day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Complaint(f"{text!r} is not a date.", mend="Write year-month-day: 2027-01-15.") from None


def _repeat(table: Table) -> Repeat | None:
    inner = table.table("repeat")
    if inner is None:
        return None
    times = inner.whole("times", least=1)
    every = inner.window("every")
    inner.finish()
    return Repeat(times, every)


def read_condition(table: Table, key: str, required: bool = False) -> Condition | None:
    """The rule under that key; a fault in it is noted, and something unreadable stands in its place."""
    raw = table.value(key, required)
    if raw is None:
        return None
    try:
        return read_rule(raw)
    except Complaint as wrong:
        table.say(key, wrong.what, wrong.mend)
        return UNREADABLE


def _rule(table: Table, key: str) -> Condition:
    return read_condition(table, key, required=True) or UNREADABLE


def read_regimen(table: Table) -> Regimen:
    """One [[regimen]]. An amount left out means that the source does not tell it."""
    regimen = Regimen(
        key=table.key(),
        drug=table.text("drug"),
        route=table.choice("route", Route),
        amount=table.real("amount"),
        unit=table.choice("unit", DoseUnit, DoseUnit.MG_PER_KG),
        source=table.text("source"),
        minutes=table.real("minutes"),
        cap_mg=table.real("cap_mg"),
        highest=table.real("highest"),
        grade=table.choice("grade", Grade, Grade.MEASURED),
        blind_label=table.text("blind_label", ""),
        ceiling_mg_per_kg=table.real("ceiling_mg_per_kg"),
        ceiling_source=table.text("ceiling_source", ""),
    )
    table.finish()
    return regimen


def read_gate(table: Table) -> Gate:
    """One [[gate]]."""
    gate = Gate(
        key=table.key(),
        before=table.text("before"),
        rule=_rule(table, "rule"),
        otherwise=table.choice("otherwise", Otherwise, Otherwise.HOLD),
        why=table.text("why"),
        source=table.text("source"),
        override=table.flag("override", True),
    )
    table.finish()
    return gate


def read_limit(table: Table) -> Limit:
    """One [[limit]]."""
    most = table.whole("most", least=1)
    limit = Limit(table.text("kind"), most, table.span("per"), table.text("source"))
    table.finish()
    return limit


def read_arm(table: Table) -> Arm:
    """One [[arm]]; `regimens` says which regimen stands behind each name."""
    inner = table.table("regimens")
    names = () if inner is None else tuple((name, inner.text(name)) for name in inner.raw)
    arm = Arm(table.key(), table.text("title"), table.whole("ratio", 1, least=1), names)
    table.finish()
    return arm


ENDPOINT_KINDS = ("response", "remission", "relapse", "non_response", "change")


def read_endpoint(table: Table) -> Endpoint:
    """One [[endpoint]]."""
    kind = table.text("kind")
    if kind and kind not in ENDPOINT_KINDS:
        table.say("kind", f"{kind!r} is no kind of endpoint.", near(kind, ENDPOINT_KINDS))
    endpoint = Endpoint(
        key=table.key(),
        title=table.text("title"),
        kind=kind,
        instrument=table.text("instrument"),
        scale=table.text("scale", "total"),
        source=table.text("source"),
        at=table.text("at", ""),
        fall_percent=table.real("fall_percent"),
        fall_points=table.real("fall_points"),
        at_most=table.real("at_most"),
        after_doses=table.maybe_whole("after_doses", least=0),
        primary=table.flag("primary"),
    )
    table.finish()
    return endpoint


def read_finding(table: Table) -> Finding:
    """One [[evidence.finding]]."""
    finding = Finding(table.text("sentence"), table.text("source"))
    table.finish()
    return finding


PHASES = ("before", "during", "after")
STAY_FROM = ("dose_start", "dose_end")


def read_monitoring(table: Table) -> MonitoringPlan:
    """A whole [monitoring] table with its readings and alerts."""
    plan = MonitoringPlan(
        profile=table.text("profile"),
        readings=tuple(_reading_plan(t) for t in table.tables("reading")),
        alerts=tuple(_alert(t) for t in table.tables("alert")),
        discharge=read_condition(table, "discharge"),
        stay_min=table.maybe_whole("stay_min", least=0),
        stay_from=_one_of(table, "stay_from", STAY_FROM, "dose_end"),
        source=table.text("source"),
        limits=tuple(read_bedside_limit(t) for t in table.tables("limit")),
        worse=tuple(_worse(t) for t in table.tables("worse")),
        rescue=tuple(_rescue(t) for t in table.tables("rescue")),
    )
    table.finish()
    return plan


def read_bedside_limit(table: Table) -> BedsideLimit:
    """One [[monitoring.limit]]."""
    key = _one_of(table, "key", tuple(LIMITS))
    limit = BedsideLimit(
        key=key,
        value=float(table.number("value")),  # the mark of a plan must not tell 85 from 85.0
        source=table.text("source"),
        grade=table.choice("grade", Grade, Grade.MEASURED),
        note=table.text("note", ""),
    )
    table.finish()
    return limit


def _reading_plan(table: Table) -> ReadingPlan:
    plan = ReadingPlan(
        readings=table.texts("readings"),
        phase=_one_of(table, "phase", PHASES),
        every_min=table.maybe_whole("every_min", least=1),
        source=table.text("source"),
        at_min=table.wholes("at_min"),
    )
    table.finish()
    return plan


def _alert(table: Table) -> AlertRule:
    alert = AlertRule(
        key=table.key(),
        rule=_rule(table, "rule"),
        action=table.text("action"),
        urgent=table.flag("urgent"),
        source=table.text("source"),
        life=table.flag("life"),
    )
    table.finish()
    return alert


def _worse(table: Table) -> WorseStep:
    step = WorseStep(
        alert=table.text("alert"),
        reading=table.text("reading"),
        by=float(table.number("by")),
        source=table.text("source"),
        grade=table.choice("grade", Grade, Grade.MEASURED),
        note=table.text("note", ""),
    )
    if step.by == 0:
        table.say("by", "A step of 0 rings at every reading.", "Write by how much: 10, or -2 where a fall is worse.")
    table.finish()
    return step


def _rescue(table: Table) -> RescueStep:
    step = RescueStep(
        key=table.key(),
        words=table.text("words"),
        within_s=table.whole("within_s", least=0),
        source=table.text("source"),
        grade=table.choice("grade", Grade, Grade.MEASURED),
        note=table.text("note", ""),
    )
    table.finish()
    return step


def _one_of(table: Table, key: str, words: tuple[str, ...], default: str | None = None) -> str:
    word = table.text(key, default)
    if word and word not in words:
        table.say(key, f"{word!r} is no {key}.", near(word, words))
    return word


def window_texts(window: Window) -> list[str]:
    """The three spans as files write them."""
    return [str(window.min), str(window.target), str(window.max)]
