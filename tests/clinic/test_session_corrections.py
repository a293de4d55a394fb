"""Taking back a wrong entry: it no longer counts, it stays in the ledger, and what happened cannot be taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.course_makers import MINUTE
from tests.session_makers import PLACE, Cast, by, running
from unstuck.clinic.course.queries import load
from unstuck.clinic.ledger import queries as ledger
from unstuck.clinic.session.corrections import NotCorrectable, correct
from unstuck.clinic.session.queries import live
from unstuck.clinic.session.receiving import Batch, Sent, receive
from unstuck.core import events as ev

pytestmark = pytest.mark.django_db


def test_a_mistyped_pressure_is_taken_back_with_its_alarm(cast: Cast, at: datetime, settings: Any) -> None:
    """265 for 165: once taken back it raises no alarm and is no last reading; the ledger still holds it."""
    settings.UNSTUCK_DEMO = True
    course, began = running(cast, at)
    then = began + 5 * MINUTE
    what = {"name": "systolic_mmhg", "value": 265.0, "step": "infusion", "occurrence": 1, "phase": "during"}
    receive(
        course, PLACE, Batch("device-0001", then, (Sent("wrong-0001", "ReadingTaken", then, what),)), cast["nia"], then
    )
    assert [a.rule.key for a in live(course, PLACE, then).session.alarms] == ["pressure_high"]
    correct(course, PLACE, ["wrong-0001"], "mistyped", by(cast["nia"], then + MINUTE))
    after = live(course, PLACE, then + MINUTE).session
    assert after.alarms == () and dict(after.latest)["systolic_mmhg"].value == 120
    assert "265" in "".join(entry.payload for entry in ledger.entries(course.key))


def test_a_dose_cannot_be_taken_back_at_the_chair(cast: Cast, at: datetime, settings: Any) -> None:
    """Neither the dose, nor its checks, nor an entry of another session, nor a correction without a reason."""
    settings.UNSTUCK_DEMO = True
    course, began = running(cast, at)
    log = load(course).state.log
    dose = next(e.id for e in log if isinstance(e.what, ev.DoseGiven))
    consent = next(e.id for e in log if isinstance(e.what, ev.ConsentGiven))
    for entry, reason in ((dose, "mistyped"), (consent, "mistyped"), (dose, "because")):
        with pytest.raises(NotCorrectable):
            correct(course, PLACE, [entry], reason, by(cast["nia"], began + MINUTE))
    assert len(load(course).state.log) == len(log)
