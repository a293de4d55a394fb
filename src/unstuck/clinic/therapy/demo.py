"""The demonstration's therapy: the sessions that its simulated people have held, with lists, figures and summaries."""

from __future__ import annotations

from datetime import datetime

from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.therapy import notes, structures
from unstuck.clinic.therapy.actions import Told, dose_of, list_item, record_session
from unstuck.core.protocol import Expose, Integrate
from unstuck.core.therapy import Scale, Therapy

COURSES, SESSIONS = 8, 4
WORDS = {
    "situation": ("Supermarket on a Saturday", "Sitting with the back to a door"),
    "stuck_point": ("It was my fault", "Nobody can be trusted"),
    "target": ("The corridor", "The voice"),
    "intention": ("Sleep through", "Call my sister"),
    "thought": ("I should have known",),
    "resource": ("Both feet on the ground",),
    "goal": ("Go out once a day",),
}
SUMMARY = "Came alone. Symptoms as in the questionnaire; plan stays."
RISING = {"alliance", "closeness", "helps", "voc", "meaning", "days_practised", "times_listened"}
NOTE = "A note of the demonstration: what its author thinks of the conversation would stand here."


def fill(at: datetime) -> None:
    """Sessions of some courses in their structure, and one private note; nothing where Ben may not record."""
    ben = Account.objects.filter(username="ben", demonstration=True).first()
    if ben is None or not access.may_record_therapy(ben):
        return
    rows = queries.loaded(queries.everyone().filter(ended_at=None, simulated=True))
    held = [one for one in rows if _held(one)][:COURSES]
    for one in held:
        _sessions(one, ben, at)
    for one in held[:1]:
        notes.keep(one.row, ben, NOTE, at)


def _held(one: Loaded) -> list[tuple[str, int]]:
    """The therapy and integration sessions that took place, the oldest first."""
    talked = [s.key for s in one.protocol.steps if isinstance(s.activity, Expose | Integrate)]
    return sorted((place for place in one.state.done if place[0] in talked), key=lambda place: one.state.done[place])


def _sessions(one: Loaded, ben: Account, at: datetime) -> None:
    listed: dict[str, list[tuple[str, Therapy, str]]] = {}
    for number, (step, occurrence) in enumerate(_held(one)[:SESSIONS]):
        therapy = structures.fitting(one.protocol.step(step).activity)[0]
        if therapy.key not in listed:
            listed[therapy.key] = [item for each in therapy.lists for item in _listed(one, therapy, each.key, ben, at)]
        when = one.state.done[step, occurrence]
        before = sum(1 for dose in one.state.doses if dose.observed_at <= when)
        tied = dose_of(one.protocol, step, occurrence)
        told = Told(step, occurrence, None, before if tied is None else tied, _figures(therapy, number), (),
                    tuple(_ratings(listed[therapy.key], number)))  # fmt: skip
        record_session(one.row, therapy, told, Entry(ben.key, when, at, SUMMARY))


def _listed(one: Loaded, therapy: Therapy, key: str, ben: Account, at: datetime) -> list[tuple[str, Therapy, str]]:
    made = [list_item(one.row, therapy, key, Entry(ben.key, at, at, words)) for words in WORDS.get(key, ())]
    return [(what.item, therapy, key) for what in made]


def _figures(therapy: Therapy, number: int) -> tuple[tuple[str, float], ...]:
    """Distress falls within and between sessions, inside each scale; what should rise rises."""
    return tuple((s.key, _value(s, number)) for s in therapy.figures)


def _value(scale: Scale, number: int) -> float:
    share = 0.75 - 0.1 * number - (0.3 if scale.key.endswith("_after") else 0)
    if scale.key in RISING:
        share = 0.45 + 0.1 * number
    return round(scale.low + (scale.high - scale.low) * max(share, 0.1))


def _ratings(items: list[tuple[str, Therapy, str]], number: int) -> list[tuple[str, str, float]]:
    return [
        (item, scale.key, _value(scale, number))
        for item, therapy, key in items
        for each in therapy.lists
        if each.key == key
        for scale in each.measures
    ]
