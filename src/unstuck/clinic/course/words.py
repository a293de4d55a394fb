"""Words and figures that course pages share: states, kinds of entry, times and spans."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.core.course import Course
from unstuck.core.events import DoseGiven, Ending
from unstuck.core.schedule import Due, State

STATE_WORDS = {
    State.DONE: gettext_lazy("Done"),
    State.SKIPPED: gettext_lazy("Skipped"),
    State.LATE: gettext_lazy("Late"),
    State.OPEN: gettext_lazy("Due"),
    State.HELD: gettext_lazy("Held"),
    State.NOT_KNOWN: gettext_lazy("Not known"),
    State.STOP: gettext_lazy("Stop"),
    State.PLANNED: gettext_lazy("Planned"),
    State.WAITING: gettext_lazy("Planned"),
    State.CONDITIONAL: gettext_lazy("If needed"),
}
ENDINGS = {
    Ending.COMPLETED.value: gettext_lazy("Completed"),
    Ending.STOPPED_NO_RESPONSE.value: gettext_lazy("Stopped: no response"),
    Ending.STOPPED_HARM.value: gettext_lazy("Stopped: harm"),
    Ending.WITHDREW.value: gettext_lazy("The person withdrew"),
    Ending.LOST.value: gettext_lazy("Lost to follow-up"),
}
KIND_WORDS = {
    "link": gettext_lazy("Send the questions"),
    "rated": gettext_lazy("Enter a rating"),
    "session": gettext_lazy("Open the dosing session"),
    "reading": gettext_lazy("Record readings"),
    "consent": gettext_lazy("Record consent"),
    "held": gettext_lazy("Record a visit"),
    "fact": gettext_lazy("State a fact"),
    "book": gettext_lazy("Book a visit"),
    "harm": gettext_lazy("Note an unwanted effect"),
    "skip": gettext_lazy("Skip a step"),
    "override": gettext_lazy("Pass a gate by name"),
    "end": gettext_lazy("End the course"),
}


def when(moment: datetime, zone: tzinfo, clock: bool = True) -> str:
    """A moment at the site, such as "27 Nov, 09:30"; the year where it is not obvious is left to the reader's table."""
    local = moment.astimezone(zone)
    day = f"{local.day} {local:%b}"
    return f"{day}, {local:%H:%M}" if clock else day


def span_text(start: datetime, end: datetime) -> tuple[str, str]:
    """The time between as a figure and a unit: minutes under two hours, hours under two days, else days."""
    minutes = max(0, int((end - start).total_seconds() // 60))
    if minutes < 120:
        return str(minutes), _("min")
    hours = minutes // 60
    return (str(hours), _("hours")) if hours < 48 else (str(hours // 24), _("days"))


def whole(value: float) -> str:
    """A score without needless decimals."""
    return f"{value:g}"


def dose_words(course: Course, row: Due) -> str:
    """Drug, amount and time of the dose that completed this step."""
    for event in course.doses:
        what = event.what
        if isinstance(what, DoseGiven) and (what.step, what.occurrence) == (row.step, row.occurrence):
            took = _(" over %(n)g min") % {"n": what.minutes} if what.minutes else ""
            return f"{what.drug} {what.amount_mg:g} mg, {what.route.replace('_', ' ')}{took}"
    return ""


def kind_words(kind: str) -> str:
    """The name of a kind of entry as words: `SessionOpened` is "session opened"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).replace(".", " ").replace("_", " ").lower()
