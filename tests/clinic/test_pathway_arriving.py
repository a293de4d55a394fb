"""A person from a FHIR Patient file: shown on the form of enrolment, and registered only when that is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.course_makers import released
from unstuck.clinic.people.models import Account, Person

pytestmark = pytest.mark.django_db
PATIENT = {
    "resourceType": "Patient",
    "name": [{"use": "official", "family": "Berg", "given": ["Bea"]}],
    "birthDate": "1980-05-17",
    "gender": "female",
}


def sent(**changes: object) -> SimpleUploadedFile:
    """The file as a browser sends it."""
    return SimpleUploadedFile("bea.json", json.dumps({**PATIENT, **changes}).encode())


def test_read_look_enrol(cast: dict[str, Account], at: datetime, signed_in: Callable[[str], Client]) -> None:
    """The file fills the form and saves nothing; the form enrols; the same file again points out who is there."""
    released("feder_2021", cast["cleo"], at)
    finn, before = signed_in("finn"), Person.objects.count()
    page = finn.post("/pathway/arrive/", {"patient": sent()})
    assert page.status_code == 200 and Person.objects.count() == before
    words = page.content.decode()
    assert 'value="Bea Berg"' in words and 'value="1980-05-17"' in words and "asked in person" in words
    plan = page.context["enrol"].fields["plan"].choices[0][0]
    assert finn.post("/courses/new/", {"name": "Bea Berg", "born_on": "1980-05-17", "plan": plan}).status_code == 302
    assert Person.objects.get(name="Bea Berg").born_on == date(1980, 5, 17)
    assert "registered here already" in finn.post("/pathway/arrive/", {"patient": sent()}).content.decode()


def test_a_faulty_file_is_told(signed_in: Callable[[str], Client]) -> None:
    """What is wrong in the file stands on the page; who may not enrol may not read one either."""
    answer = signed_in("finn").post("/pathway/arrive/", {"patient": sent(birthDate="1980")})
    assert answer.status_code == 400 and "not a whole date" in answer.content.decode()
    assert signed_in("finn").post("/pathway/arrive/", {}).status_code == 400
    assert signed_in("nia").get("/pathway/arrive/").status_code == 403
