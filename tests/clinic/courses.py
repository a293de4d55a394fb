"""Courses for tests of the clinic: a released protocol, an enrolled person, and walks that go on from there."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta

from django.db import transaction

from tests.walker import Walk, do_row, next_row
from unstuck.clinic.course import actions, queries
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.actions import append_events
from unstuck.clinic.people.actions import Identity, register_person
from unstuck.clinic.protocol.actions import release_as
from unstuck.clinic.protocol.models import Release
from unstuck.core import events as ev
from unstuck.core.protocol_file import load_protocol


def released(key: str, at: datetime) -> Release:
    """The library's protocol, signed for use."""
    return release_as(load_protocol(key), "a_test", at)


def enrolled(release: Release, at: datetime, arm: str | None = "ketamine") -> Course:
    """A person of this test under the release; simulated where the settings say that this is a demonstration."""
    simulated = actions.origin() is actions.Origin.SIMULATED
    person = register_person(Identity("Rosa Lindqvist", None, "rosa@example.org"), "a_test", at, simulated=simulated)
    return actions.enrol(person, release, arm, actions.Entry("a_test", at, at))


def walk_on(course: Course, until: str, at: datetime, most: int = 60) -> datetime:
    """Does whatever is next in the course until that step is done; the instant after it. Events go to the ledger."""
    loaded = queries.load(course)
    here = Walk(loaded.protocol, at, random.Random(1), loaded.state, key=course.key)
    here.ids = itertools.count(len(loaded.state.log))
    here.add(ev.ReadingTaken("weight_kg", 70.0))
    while most and not any(step == until for step, _ in here.course.done):
        most -= 1
        row = next_row(here)
        assert row is not None, f"nothing leads to {until}"
        here.now = max(here.now + timedelta(minutes=1), row.target or here.now)
        assert do_row(here, row), f"{row.step} stays closed"
    with transaction.atomic():
        append_events(course.key, here.events, loaded.protocol.hash)
        actions.refresh(course, loaded.protocol, here.course, here.now)
    return here.now + timedelta(minutes=1)
