"""Parts of a protocol as phrases: who does what, when, with which dose."""

from __future__ import annotations

from typing import assert_never

from unstuck.core.conditions import span_words
from unstuck.core.protocol import (
    Activity,
    AfterDose,
    AfterEachDose,
    AfterEnrolment,
    AfterStep,
    AfterTherapy,
    Anchor,
    Assess,
    Consent,
    Contact,
    Dose,
    Endpoint,
    Expose,
    Integrate,
    OnDate,
    Prepare,
    Protocol,
    Regimen,
    Review,
    Route,
    Setting,
    Step,
)
from unstuck.core.sentences import fact_words, instrument_words
from unstuck.core.time import Span, Window

ROLE_WORDS = {
    "patient": "the patient",
    "front_desk": "the front desk",
    "nurse": "the nurse",
    "therapist": "the therapist",
    "prescriber": "the prescriber",
    "research": "a blinded rater",
    "quality": "the quality officer",
}
_ROUTES = {
    Route.IV_INFUSION: "as an intravenous infusion",
    Route.IV_BOLUS: "as an intravenous bolus",
    Route.IM: "into a muscle",
    Route.SC: "under the skin",
    Route.INTRANASAL: "into the nose",
    Route.SUBLINGUAL: "under the tongue",
    Route.ORAL: "by mouth",
}
_THERAPIES = {
    "pe": "prolonged exposure",
    "cpt": "cognitive processing therapy",
    "emdr": "EMDR",
    "written_exposure": "written exposure",
    "tf_cbt": "trauma-focused CBT",
}
_KINDS = {
    "dose": ("dose", "doses"),
    "expose": ("trauma-focused session", "trauma-focused sessions"),
    "prepare": ("preparation session", "preparation sessions"),
    "integrate": ("integration session", "integration sessions"),
    "assess": ("assessment", "assessments"),
    "consent": ("consent", "consents"),
    "review": ("review", "reviews"),
    "contact": ("contact", "contacts"),
}


def listed(words: list[str], last: str = "and") -> str:
    """one, two and three."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def sentence_of(words: str) -> str:
    """The words with a capital and a full stop."""
    words = words.strip()
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?", "!")) else ".")


def kind_words(kind: str, several: bool = False) -> str:
    """A kind of activity in words."""
    return _KINDS.get(kind, (kind, kind))[several]


def who(step: Step) -> str:
    """The role that does the step."""
    match step.activity:
        case Assess(_, _, by) | Review(_, by) | Contact(_, by):
            return by
        case Dose():
            return "nurse"
        case Consent():
            return "prescriber"
        case Prepare() | Expose() | Integrate():
            return "therapist"
        case _:
            assert_never(step.activity)


def anchor_words(anchor: Anchor, protocol: Protocol) -> str:
    """What a window is counted from."""
    match anchor:
        case AfterEnrolment():
            return "after enrolment"
        case AfterStep(key, occurrence):
            title = protocol.step(key).title if protocol.has(key) else key
            return f"after “{title}”" + (f", time {occurrence}" if occurrence > 1 else "")
        case AfterDose(number):
            return f"after dose {number}" if number else "after the last dose"
        case AfterEachDose():
            return "after each dose"
        case AfterTherapy(number):
            return f"after trauma-focused session {number}"
        case OnDate(day):
            return f"after {day}"
        case _:
            assert_never(anchor)


def window_words(window: Window, after: str) -> str:
    """Target and bounds: 48 hours after each dose (24 to 72 hours)."""
    head = f"{span_words(window.target)} {after}" if window.target.amount else f"directly {after}"
    if window.min == window.target == window.max:
        return f"exactly {head}"
    return f"{head} ({_range(window.min, window.max)})"


def _range(low: Span, high: Span) -> str:
    if low.unit is high.unit:
        return f"{low.amount} to {span_words(high)}"
    return f"{span_words(low)} to {span_words(high)}"


def activity_words(activity: Activity, protocol: Protocol) -> str:
    """What is done."""
    match activity:
        case Assess(instruments, readings, by):
            taken = [*map(instrument_words, instruments), *map(fact_words, readings)]
            verb = "answers" if by == "patient" else "records"
            return f"{ROLE_WORDS.get(by, by)} {verb} {listed(taken) if taken else 'nothing'}"
        case Consent(form):
            return f"the person is informed and asked for consent (form {form!r})"
        case Prepare(minutes):
            return f"preparation session{_long(minutes)}"
        case Dose(regimen, setting):
            place = "" if setting is Setting.SUPERVISED else " at home"
            return f"dose{place}: {dose_words(regimen, protocol)}"
        case Expose(therapy, minutes):
            return f"session of {therapy_words(therapy)}{_long(minutes)}"
        case Integrate(manner, minutes):
            return f"integration session, {manner.removeprefix('site:').replace('_', ' ')}{_long(minutes)}"
        case Review(question, by):
            return f"{ROLE_WORDS.get(by, by)} decides: {question}"
        case Contact(about, by):
            return f"{ROLE_WORDS.get(by, by)} gets in touch about {about}"
        case _:
            assert_never(activity)


def _long(minutes: int | None) -> str:
    return f" of {minutes} minutes" if minutes else ""


def therapy_words(kind: str) -> str:
    """A trauma-focused therapy in words."""
    return _THERAPIES.get(kind, kind.removeprefix("site:").replace("_", " "))


def dose_words(name: str, protocol: Protocol) -> str:
    """The regimen behind a name, or each arm's."""
    regimens = {r.key: r for r in protocol.regimens}
    if name in regimens and not any(name in dict(arm.regimens) for arm in protocol.arms):
        return regimen_words(regimens[name])
    by_arm = [(arm.title, dict(arm.regimens).get(name, name)) for arm in protocol.arms]
    return "; ".join(f"{title}: {regimen_words(regimens[key])}" for title, key in by_arm if key in regimens) or name


def regimen_words(r: Regimen) -> str:
    """A dose in words, with what the source leaves open said."""
    amount = "an amount that the source does not tell" if r.amount is None else f"{r.amount:g}"
    if r.amount is not None:
        amount += f" to {r.highest:g}" if r.highest is not None else ""
        amount += f" {r.unit.value}"
    over = f" over {r.minutes:g} minutes" if r.minutes is not None else ""
    cap = f", never more than {r.cap_mg:g} mg" if r.cap_mg is not None else ""
    return f"{r.drug} {amount} {_ROUTES[r.route]}{over}{cap}"


def endpoint_words(e: Endpoint, protocol: Protocol) -> str:
    """How an outcome is judged."""
    scale = fact_words(f"{e.instrument}.{e.scale}")
    place = f" at “{protocol.step(e.at).title}”" if e.at and protocol.has(e.at) else " at the last score"
    match e.kind:
        case "response":
            return f"{scale} has fallen by at least {_fall(e)}{place}"
        case "remission":
            return f"{scale} is at most {e.at_most or 0:g}{place}"
        case "relapse":
            return f"after a fall of at least {_fall(e)}, {scale} no longer lies that much below baseline"
        case "non_response":
            return f"after {e.after_doses} doses {scale} has not fallen by {_fall(e)}"
        case _:
            return f"change of {scale} from baseline{place}"


def _fall(e: Endpoint) -> str:
    if e.fall_percent is not None:
        return f"{e.fall_percent:g} %"
    return f"{e.fall_points or 0:g} points"
