"""Check-ins after a dose: which are open for a course, and links to answer them."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from django.conf import settings

from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.assessment.actions import Made, consent_withdrawn, make_free_link
from unstuck.clinic.assessment.models import Link
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import Loaded
from unstuck.core.check_ins import CheckIn, Series, check_ins
from unstuck.core.check_ins_file import load_check_ins, parse_check_ins
from unstuck.core.course import Course as State
from unstuck.core.events import AssessmentCompleted, DoseGiven

ASKED = "check_in"
OWN_FILE = "check_ins.toml"
WISHES = {"call": "call_wished", "craving": "craving", "refill": "early_refill", "bladder": "symptom_told"}
"""Which answers of a check-in ask for somebody, besides those about suicide, and the kind of alert."""
RECENT = timedelta(days=2)


def plan() -> tuple[Series, ...]:
    """The site's own series where its data folder has a file of them, else the library's. Raises Complaints."""
    own = settings.UNSTUCK_HOME / OWN_FILE
    return parse_check_ins(own.read_text(encoding="utf-8"), OWN_FILE) if own.is_file() else load_check_ins()


def reach() -> timedelta:
    """How long after the last dose anybody is asked."""
    return max((_last_close(series) for series in plan()), default=timedelta())


def _last_close(series: Series) -> timedelta:
    return timedelta(minutes=series.window.max.minutes + (series.times - 1) * series.every.minutes)


def all_of(state: State, zone: tzinfo) -> tuple[CheckIn, ...]:
    """Every check-in that the doses of this course call for; a dose in parts counts once, by its first part."""
    first: dict[tuple[str, int], datetime] = {}
    for event in state.doses:
        if isinstance(event.what, DoseGiven):
            first.setdefault((event.what.step, event.what.occurrence), event.observed_at)
    return check_ins(plan(), sorted(first.values()), zone)


def open_now(loaded: Loaded, at: datetime, zone: tzinfo) -> tuple[CheckIn, ...]:
    """What can be answered now and has not been, also after the course has ended; none once consent is withdrawn."""
    if consent_withdrawn(loaded.state):
        return ()
    return tuple(c for c in all_of(loaded.state, zone) if c.is_open(at) and not answered(loaded.state, c))


def answered(state: State, occasion: CheckIn) -> bool:
    """Whether all that the occasion asks was answered inside its window."""
    told = ((e.what, e.observed_at) for e in state.assessments)
    given = {w.instrument for w, at in told if isinstance(w, AssessmentCompleted) and occasion.is_open(at)}
    return set(occasion.asks) <= given


def link_to(course: Course, occasion: CheckIn, actor: str, at: datetime) -> tuple[Link, str]:
    """A link to that check-in, open until the occasion closes. Raises Complaint."""
    return make_free_link(course, occasion.asks, Made(actor, at, occasion.closes_at))


def raise_wishes(loaded: Loaded, at: datetime) -> int:
    """How many alerts stand for wishes in check-ins of the last days: a call, a longing, trouble passing water."""
    raised = 0
    for event in loaded.state.assessments:
        what = event.what
        if not isinstance(what, AssessmentCompleted) or what.instrument != ASKED or event.recorded_at < at - RECENT:
            continue
        for kind in sorted({WISHES[flag] for flag in what.flags if flag in WISHES}):
            raised += (
                raise_alert(kind, loaded.row.key, event.actor, event.recorded_at, f"{event.id}:{kind}") is not None
            )
    return raised
