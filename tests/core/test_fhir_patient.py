"""A FHIR R4 Patient is read strictly: the fields that are needed, each fault told, and what was left out named."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core.errors import Complaint
from unstuck.core.fhir_patient import read_patient

# After the example `Patient/example` of HL7 FHIR R4, shortened.
EXAMPLE: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "example",
    "active": True,
    "identifier": [{"system": "urn:oid:1.2.36.146.595.217.0.1", "value": "12345"}],
    "name": [
        {"use": "official", "family": "Chalmers", "given": ["Peter", "James"]},
        {"use": "usual", "given": ["Jim"]},
        {"use": "maiden", "family": "Windsor", "given": ["Peter"], "period": {"end": "2002"}},
    ],
    "telecom": [
        {"use": "home"},
        {"system": "phone", "value": "(03) 5555 6473", "use": "work", "rank": 1},
        {"system": "phone", "value": "(03) 3410 5613", "use": "mobile", "rank": 2},
        {"system": "phone", "value": "(03) 5555 8834", "use": "old"},
        {"system": "email", "value": "jim@example.org"},
    ],
    "gender": "male",
    "birthDate": "1974-12-25",
    "_birthDate": {"extension": []},
    "deceasedBoolean": False,
    "address": [{"use": "home", "city": "PleasantVille"}],
}


def read(**changes: Any) -> Any:
    """The example with some fields changed; None takes a field away."""
    data = {key: value for key, value in {**EXAMPLE, **changes}.items() if value is not None}
    return read_patient(json.dumps(data).encode(), "patient.json")


def test_the_standards_example() -> None:
    """The official name, the whole birth date, the contact of first rank; the rest is named as left out."""
    found = read()
    assert (found.name, found.born_on) == ("Peter James Chalmers", date(1974, 12, 25))
    assert (found.email, found.phone) == ("jim@example.org", "(03) 5555 6473")
    assert len(found.left_out) == 3 and any("asked in person" in words for words in found.left_out)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": None}, "no name"),
        ({"name": [{"use": "old", "family": "Chalmers"}]}, "No name of the file is in use"),
        ({"birthDate": "1974"}, "not a whole date"),
        ({"birthDate": "1974-02-30"}, "no day of the calendar"),
        ({"birthDate": 1974}, "not a whole date"),
        ({"deceasedBoolean": True}, "has died"),
        ({"active": False}, "no longer in use"),
        ({"modifierExtension": [{}]}, "turn its meaning round"),
        ({"resourceType": "Bundle"}, "Bundle"),
        ({"resourceType": "Person"}, "no FHIR Patient"),
        ({"telecom": "none"}, "not a list"),
    ],
)
def test_faults_are_told(changes: dict[str, Any], told: str) -> None:
    """Each fault is told in words, and nobody is read from such a file."""
    with pytest.raises(Complaint, match=told):
        read(**changes)


def test_several_faults_at_once() -> None:
    """A file is mended in one pass: every fault stands in the one complaint."""
    with pytest.raises(Complaint) as said:
        read(name=None, birthDate="1974", deceasedBoolean=True)
    assert all(words in str(said.value) for words in ("no name", "whole date", "has died"))


def test_without_birth_date_and_contacts() -> None:
    """What a file does not hold is empty, and nothing takes its place."""
    found = read(birthDate=None, telecom=None)
    assert (found.born_on, found.email, found.phone) == (None, "", "")


FIELDS = st.sampled_from(["resourceType", "name", "telecom", "birthDate", "use"])
JSON = st.recursive(
    st.none() | st.integers() | st.text() | st.just("Patient"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=6,
)


@given(content=st.binary(max_size=60) | JSON)
@settings(max_examples=40, deadline=None)
def test_no_file_breaks_the_reader(content: Any) -> None:
    """Whatever is sent, the answer is a person with a name or a complaint."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    try:
        assert read_patient(raw, "x").name
    except Complaint as told:
        assert str(told)
