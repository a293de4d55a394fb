"""The site signs its rules of screening: the library's or its own; verdicts name the version they were made by."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.course_makers import adas_course
from tests.pathway_makers import all_clear
from tests.site_fixtures import PASSWORD
from unstuck.clinic.criteria import actions
from unstuck.clinic.criteria.models import RulesAreFinal, SignedRules
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.pathway import screening
from unstuck.clinic.pathway.looked import screened
from unstuck.clinic.people.models import Account
from unstuck.core.screening_file import content_hash, library_text

pytestmark = pytest.mark.django_db
Cast = dict[str, Account]
ACCEPT = screening.Decision(screening.Decided.ACCEPT)


def own(say: str = "365 d") -> str:
    """The library's rules with another interval for the urine test, and without the rule about glaucoma."""
    text = library_text().replace('again = "120 d"', f'again = "{say}"')
    start = text.index('[[rule]]\nkey = "narrow_angle_glaucoma"')
    return text[:start] + text[text.index("[[rule]]", start + 1) :]


def test_nobody_is_accepted_by_rules_that_nobody_signed(cast: Cast, at: datetime) -> None:
    """A person without a finding is accepted once a prescriber has signed the rules, and by that version."""
    course = adas_course(cast, at)
    all_clear(course, cast, at)
    SignedRules.objects.all()._raw_delete(using="default")
    with pytest.raises(screening.RulesNotSigned):
        screening.decide_as(course, ACCEPT, cast["cleo"].key, at)
    signed = actions.sign_as(cast["cleo"].key, content_hash(library_text()), at)
    screening.decide_as(course, ACCEPT, cast["cleo"].key, at)
    told = json.loads(Entry.objects.get(kind="screening.decided").payload)
    assert (told["version"], told["rules"]) == (signed.version, signed.hash)


def test_an_own_text_takes_the_librarys_place_once_signed(cast: Cast, at: datetime) -> None:
    """Put forward it changes nothing; signed it is in force, and what was decided keeps its version."""
    course, cleo = adas_course(cast, at), cast["cleo"].key
    all_clear(course, cast, at)
    screening.decide_as(course, ACCEPT, cleo, at)
    first = actions.in_force().version
    checked = actions.put_forward(own(), cleo, at)
    assert actions.in_force().version == first
    actions.sign_as(cleo, checked.hash, at)
    keys = {one.key for one in screened(course, at).findings}
    assert actions.rules().hash == checked.hash and "narrow_angle_glaucoma" not in keys
    assert json.loads(Entry.objects.get(kind="screening.decided").payload)["version"] == first
    with pytest.raises(actions.SameRules):
        actions.sign_as(cleo, checked.hash, at)
    actions.take_library(cleo, at)
    assert actions.in_force().signed and actions.sign_as(cleo, content_hash(library_text()), at).number == 3


def test_signed_rules_stay_as_they_are(cast: Cast, at: datetime, signed_in: Callable[[str], Client]) -> None:
    """They cannot be saved anew or deleted, and nobody is judged by a text that was altered in the database."""
    signed = actions.sign_as(cast["cleo"].key, content_hash(library_text()), at)
    for act in (signed.save, signed.delete):
        with pytest.raises(RulesAreFinal):
            act()
    SignedRules.objects.update(text=own())
    with pytest.raises(actions.RulesAltered):
        actions.rules()
    assert "Nobody is judged by rules that were altered" in signed_in("cleo").get("/rules/").content.decode()
    actions.sign_as(cast["cleo"].key, content_hash(library_text()), at)
    assert actions.in_force().version.startswith("2-")


def upload(text: str) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile("ours.toml", text.encode())}


def test_pages(cast: Cast, at: datetime, signed_in: Callable[[str], Client], home: Path) -> None:
    """A nurse reads; a prescriber puts a text forward, sees what changes, and signs what was shown by password."""
    cleo, nia = signed_in("cleo"), signed_in("nia")
    assert "Nobody here has signed these rules" in nia.get("/rules/").content.decode()
    assert nia.post("/rules/", {"password": PASSWORD}).status_code == 403
    assert nia.post("/rules/forward/", upload(own())).status_code == 403
    faulty = cleo.post("/rules/forward/", upload(own() + '[[test]]\nkey = "x"\n'))
    assert faulty.status_code == 409 and "screening.toml:" in faulty.content.decode()
    assert not (home / "screening.toml").exists()
    assert cleo.post("/rules/forward/", upload(own())).status_code == 302
    page = cleo.get("/rules/").content.decode()
    assert "again: 120 d" in page and "again: 365 d" in page and "Narrow-angle glaucoma" in page
    shown = content_hash(own())
    assert cleo.post("/rules/", {"shown": shown, "password": "wrong"}).status_code == 409
    assert cleo.post("/rules/", {"shown": "0" * 64, "password": PASSWORD}).status_code == 409
    assert cleo.post("/rules/", {"shown": shown, "password": PASSWORD}).status_code == 302
    assert "is in force. Signed by" in nia.get("/rules/").content.decode()
    assert nia.get("/rules/1.toml").content.decode() == own()
    assert nia.get("/rules/0.toml").content.decode() == library_text() and nia.get("/rules/7.toml").status_code == 404
    kinds = list(Entry.objects.filter(kind__startswith="rules.").values_list("kind", flat=True))
    assert kinds == ["rules.put_forward", "rules.signature_refused", "rules.signed"]
