"""The demonstration's own pages: what its simulated patient has written, shared and told. Every word is invented."""

from __future__ import annotations

from datetime import datetime, timedelta

from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.people.models import Account, Person
from unstuck.clinic.portal import days, feedback, leaves
from unstuck.clinic.portal.home import course_of

DAY = timedelta(days=1)
PAGES = (
    (9, "Slept badly before the first visit. My sister came along. The room was quieter than I thought.", True),
    (5, "Walked by the river. For some minutes I did not look behind me.", False),
    (2, "A hard evening. Did the five-four-three exercise twice, then called Karin.", False),
)
PLAN = {
    "signs": "I stop answering messages. My jaw hurts.",
    "alone": "Cold water on my hands. Music with headphones. Walk round the block.",
    "places": "The library. My sister's kitchen.",
    "people": "Karin, my sister. Jo next door.",
    "helpers": "The crisis line. My clinic in the daytime.",
    "away": "My pills are at Karin's.",
}
LOG = ((3, "5.5", "20", "1"), (2, "4", "0", "0"), (1, "6.5", "45", "2"))


def fill(at: datetime) -> None:
    """Ada's journal, one page of it shared; her plan, her log, and what she told of an earlier visit."""
    ada = Account.objects.get(username="ada", demonstration=True)
    if ada.person is None:
        return
    for back, words, shared in PAGES:
        leaves.write_journal(ada.person, words, shared, at - back * DAY)
    leaves.save_plan(ada.person, PLAN, True, at - 4 * DAY)
    today = at.astimezone(clock.zone()).date()
    for back, sleep, moved, company in LOG:
        days.keep_day(ada.person, today - back * DAY, {"sleep": sleep, "moved": moved, "company": company}, today)
    _visit_and_readings(ada.person, at)


def _visit_and_readings(person: Person, at: datetime) -> None:
    course = course_of(person.pk)
    if course is None:
        return
    loaded = queries.load(course)
    if loaded.state.doses:
        told = {"safe": "2", "agreed": "1", "heard": "2", "words": "The blanket was asked for twice."}
        feedback.give(loaded, "infusion:1", told, at - DAY)
    for username, page, hours in (("cleo", "answers", 30), ("ben", "shared", 26), ("nia", "session", 20)):
        reader = Account.objects.get(username=username, demonstration=True)
        note_reading(reader, course.key, page, at - timedelta(hours=hours))
