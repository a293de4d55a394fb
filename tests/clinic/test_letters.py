"""Every letter that leaves the clinic, really written, in both languages: nothing clinical, no name, none forgotten."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.course_makers import DAY, adas_course, give_dose, tell, up_to_dose
from tests.pages import without_keys
from tests.site_fixtures import over_tls
from unstuck.clinic import clock
from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.messages.models import Message
from unstuck.clinic.messages.words import refuse_clinical_words
from unstuck.clinic.people.models import Account
from unstuck.clinic.portal import reminders
from unstuck.clinic.portal.models import Choices, Reminder
from unstuck.core.events import VisitBooked

pytestmark = pytest.mark.django_db
CLINIC = Path(__file__).resolve().parents[2] / "src" / "unstuck" / "clinic"
TO_STAFF = {"alert", "django"}


def purposes() -> set[str]:
    """The first argument of every `Letter(...)` of the clinic's source."""
    texts = [file.read_text(encoding="utf-8") for file in CLINIC.rglob("*.py")]
    trees = [ast.parse(text) for text in texts if "Letter(" in text]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    letters = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Letter"]
    return {str(ast.literal_eval(call.args[0])) for call in letters}


@pytest.fixture
def written(
    cast: dict[str, Account], at: datetime, settings: Any, signed_in: Callable[[str], Client]
) -> Callable[[str], dict[str, list[Message]]]:
    """Has every kind of letter written to a person who reads that language; the letters by purpose."""

    def write(language: str) -> dict[str, list[Message]]:
        settings.UNSTUCK_DEMO, settings.UNSTUCK_ADDRESS = True, "https://own.example.org"
        course = adas_course(cast, at)
        start = up_to_dose(course, cast, at)
        give_dose(course, cast, start)
        person = cast["ada"].person
        assert person is not None
        type(person).objects.filter(pk=person.pk).update(email="ada@example.org")
        Choices.objects.create(person=person, language=language)
        tell(course, VisitBooked("infusion", 2, start + 2 * DAY, "chair_1"), cast["finn"].key, start)
        raise_alert("suicide_risk", course.key, "a_test", start, "event:1")
        finn, ada = signed_in("finn"), over_tls()
        with clock.stopped(start + DAY + timedelta(hours=1)):
            ada.post("/me/in/", {"email": "ada@example.org"}, HTTP_ACCEPT_LANGUAGE=language)
            finn.post(f"/own/{course.key}/", {"act": "invite", "language": language})
            reminders.remind_all(clock.read())
            over_tls().post("/people/password/", {"email": "cleo@example.org"})
        with clock.stopped(start + 8 * DAY):
            reminders.remind_all(clock.read())
            place = Reminder.objects.filter(cause__startswith="questions:").latest("pk").cause.partition(":")[2]
            signed_in("finn").post(f"/courses/{course.key}/ask/", {"step": place})
        found: dict[str, list[Message]] = {}
        for message in Message.objects.order_by("pk"):
            found.setdefault(message.purpose, []).append(message)
        return found

    return write


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_letter_is_plain_in_that_language(
    written: Callable[[str], dict[str, list[Message]]], language: str
) -> None:
    """Each purpose that the source knows is written; none names a person, an illness, a drug or the clinic."""
    letters = written(language)
    assert set(letters) == purposes()
    assert len({m.body.split("https")[0] for m in letters["reminder"]}) >= 4  # visit, how it was, check-in, questions
    for message in [m for found in letters.values() for m in found]:
        refuse_clinical_words(message.subject, message.body)
        plain = without_keys(f"{message.subject} {message.body}")
        assert not any(name in plain for name in ("Ada", "Ames", "Feder", "clinic"))
        greeting = {"en": ("Good day", "Type this code"), "es": ("Buen día", "Escriba este código")}[language]
        assert message.purpose in TO_STAFF or any(words in message.body for words in greeting)


def test_the_search_for_letters_finds_them() -> None:
    """So that the test above cannot pass idly."""
    assert {"code", "invite", "link", "reminder", "alert", "django"} <= purposes()
