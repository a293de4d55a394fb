"""Courses as their reader may know them: what the reader's role must not learn is taken out before any page is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import Loaded, events_of, loaded
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.core.events import Event, FactStated
from unstuck.core.therapy_events import TherapyItemListed, TherapyRecorded
from unstuck.core.veil import Hide, veiled


def load_for(account: Account, row: Course) -> Loaded:
    """The course, without arm, doses, vital signs and dissociation, and without answers, where the rules say so."""
    return loaded_for(account, [row])[0]


def loaded_for(account: Account, rows: Iterable[Course]) -> list[Loaded]:
    """These courses, each without what this account must not know of it."""
    return [_seen_by(account, one) for one in loaded(rows)]


def counted_for(account: Account, rows: Iterable[Course]) -> list[Loaded]:
    """These courses for counting outcomes over all of them: with scores, and without what tells a hidden arm.

    For whoever may see outcomes; what a list may then tell of one course is another rule.
    """
    return [
        replace(one, state=veiled(one.state, Hide(arm=not access.may_see_arm(account, one.row))))
        for one in loaded(rows)
    ]


def events_for(account: Account, row: Course) -> list[Event]:
    """The events of the course that this account may take away, for whoever may see its answers and its arm.

    Therapy's figures and what was stated of health have readers of their own.
    """
    closed: list[type] = []
    if not access.may_see_therapy(account):
        closed += [TherapyItemListed, TherapyRecorded]
    if not access.may_see_screening(account, row):
        closed.append(FactStated)
    return [event for event in events_of(row) if not isinstance(event.what, tuple(closed))]


def _seen_by(account: Account, one: Loaded) -> Loaded:
    hide = Hide(
        arm=not access.may_see_arm(account, one.row),
        answers=not access.may_see_scores(account, one.row),
    )
    return replace(one, state=veiled(one.state, hide))
