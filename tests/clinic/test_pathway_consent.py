"""Consent in the clinic: what was shown is kept byte for byte, never changes by itself, and ends in one step."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from tests.course_makers import adas_course, tell
from tests.pathway_makers import consent_ready, consents
from tests.site_fixtures import PASSWORD
from unstuck.clinic.assessment.models import Link
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.evidence.models import SignedText
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.pathway import consent_texts
from unstuck.clinic.pathway import consents as acts
from unstuck.clinic.pathway.models import ConsentText, TextIsFinal
from unstuck.clinic.people.actions import erase_person
from unstuck.clinic.people.models import Account, Person, Text
from unstuck.clinic.session.models import Sitting
from unstuck.core import events as ev
from unstuck.core.consent import hash_of
from unstuck.core.protocol_file import load_protocol
from unstuck.core.verdict import verdict

pytestmark = pytest.mark.django_db
Cast = dict[str, Account]


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    """Ada's course, with a text of consent signed for use."""
    made = adas_course(cast, at)
    consent_ready(cast, at)
    return made


def kept(course: Course) -> Text:
    """The bytes kept with the last consent."""
    mac = [e.text_mac for e in entries(course.key) if e.kind == "ConsentGiven"][-1]
    return Text.objects.get(mac=mac)


def test_what_was_shown_is_kept_byte_for_byte(course: Course, cast: Cast, at: datetime) -> None:
    """The kept bytes are those of the hash that was on the page, with goals and name; a newer text changes none."""
    acts.set_goal(course, "sleep through the night", cast["ben"].key, at)
    seen = consents(course, cast, at)
    body = kept(course).body
    assert hash_of(body) == seen and "sleep through the night" in body and "Ada Ames" in body
    SignedText.objects.bulk_create([newer_evidence(at)])
    consent_texts.issue_as(load_protocol("feder_2021"), cast["cleo"].key, at)
    assert kept(course).body == body
    shown = [e for e in entries(course.key) if e.kind == "consent.shown"]
    assert len(shown) == 1 and '"version":"1-' in shown[0].payload.replace(" ", "")


def newer_evidence(at: datetime) -> SignedText:
    """Other words on the evidence, of the same release."""
    old = SignedText.objects.get()
    words = {"dated": old.dated, "text": "Other words.\n", "text_hash": "x", "release_hash": old.release_hash}
    return SignedText(protocol=old.protocol, number=2, signed_by=old.signed_by, signed_at=at, **words)


def test_without_signed_evidence_there_is_no_text(cast: Cast, at: datetime) -> None:
    """A consent cannot be made before a prescriber signed what it quotes; nor is a text signed by a wrong password."""
    with pytest.raises(consent_texts.NoEvidence):
        consent_texts.issue_as(load_protocol("feder_2021"), cast["cleo"].key, at)
    with pytest.raises(consent_texts.WrongPassword):
        consent_texts.issue(load_protocol("feder_2021"), cast["cleo"], "guess", at)
    assert not ConsentText.objects.exists()


def test_a_text_is_final_and_not_signed_twice(course: Course, cast: Cast, at: datetime) -> None:
    """A signed text can be neither changed nor deleted, and the same words make no second version."""
    text = ConsentText.objects.get()
    with pytest.raises(TextIsFinal):
        text.save()
    with pytest.raises(TextIsFinal):
        text.delete()
    with pytest.raises(consent_texts.SameText):
        consent_texts.issue_as(load_protocol("feder_2021"), cast["cleo"].key, at)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"name": "Eda Ames"}, acts.NotTheirName),
        ({"confirmed": frozenset({"may_stop"})}, acts.NotConfirmed),
        ({"shown_hash": "0" * 64}, acts.TextChanged),
    ],
)
def test_a_signature_is_whole_or_none(
    course: Course, cast: Cast, at: datetime, change: dict[str, object], refusal: type[Exception]
) -> None:
    """Another name, a sentence not confirmed, or another text than was shown records nothing."""
    text = ConsentText.objects.get()
    every = frozenset({"not_approved", "may_fade", "may_stop"})
    whole = acts.Signature("ada  ames", acts.Identity.ID_CARD, every, hash_of(acts.shown(course, text)))
    entry, before = Entry(cast["ben"].key, at, at), len(entries(course.key))
    with pytest.raises(refusal):
        acts.sign(course, dataclasses.replace(whole, **change), entry)  # type: ignore[arg-type]
    assert len(entries(course.key)) == before
    acts.sign(course, whole, entry)
    assert load(course).state.settled("consent", 1)


def test_one_name_however_a_keyboard_spells_it(course: Course, cast: Cast, at: datetime) -> None:
    """É as one sign and as a letter with its accent are the same name, registered or typed."""
    Person.objects.filter(pk=course.person_id).update(name="Ade\u0301le A\u030ames")
    course.person.refresh_from_db()
    text = ConsentText.objects.get()
    every = frozenset({"not_approved", "may_fade", "may_stop"})
    signature = acts.Signature("adéle  åmes", acts.Identity.ID_CARD, every, hash_of(acts.shown(course, text)))
    acts.sign(course, signature, Entry(cast["ben"].key, at, at))
    assert load(course).state.settled("consent", 1)


def test_taking_it_back_is_one_step(course: Course, cast: Cast, at: datetime) -> None:
    """After one act no dose may be given, the course has ended, and no link to it opens."""
    consents(course, cast, at)
    made = {"instruments": ["lec5"], "made_by": "a", "made_at": at, "expires_at": at + timedelta(days=4)}
    Link.objects.create(token_hash="x", course=course, step="screening", occurrence=1, **made)
    assert acts.withdraw(course, Entry(cast["ada"].key, at, at)) is True
    loaded = load(course)
    gate = next(r for r in verdict(loaded.protocol, loaded.state, "infusion", 1, at).rules if r.key == "consent_valid")
    assert gate.truth == "fails" and loaded.state.is_over
    assert Link.objects.get().expires_at == at
    assert verify().sound


def test_in_the_chair_the_watching_goes_on(course: Course, cast: Cast, at: datetime) -> None:
    """Who takes it back while sitting in a chair is watched until they leave: the course has not ended yet."""
    consents(course, cast, at)
    Sitting.objects.create(
        course=course, step="infusion", occurrence=1, chair="chair_1", keeper="a", opened_at=at, given_at=at
    )
    assert acts.withdraw(course, Entry(cast["nia"].key, at, at)) is False
    assert not load(course).state.is_over
    tell(course, ev.ReadingTaken("pulse_per_min", 70.0), cast["nia"].key, at)


def test_erasing_takes_the_words_and_leaves_the_fact(course: Course, cast: Cast, at: datetime) -> None:
    """After erasure no kept word of the consent is left, and the ledger still verifies that one was given."""
    acts.set_goal(course, "see my daughter", cast["ben"].key, at)
    consents(course, cast, at)
    erase_person(course.person, cast["alma"].key, at)
    assert not Text.objects.exclude(body="").filter(person=course.person).exists()
    assert [goal.words for goal in acts.goals(course)] == [""] and verify().sound


def test_pages(course: Course, cast: Cast, at: datetime, signed_in: Callable[[str], Client]) -> None:
    """A therapist witnesses the signature on the page, and the person takes it back from their own."""
    ben, ada = signed_in("ben"), signed_in("ada")
    home = f"/pathway/{course.key}/consent/"
    ben.post(f"{home}goal/", {"goal": "walk in the park"})
    page = ben.get(home)
    seen = page.context["page"].shown_hash
    form = {"entry": "s1", "shown": seen, "identity": "passport", "name": "Ada Ames"}
    assert ben.post(home, form).status_code == 409
    confirmed = ["not_approved", "may_fade", "may_stop"]
    assert ben.post(home, {**form, "confirmed": confirmed}).status_code == 302
    own = ada.get(home).content.decode()
    assert "walk in the park" in own and "id_identity" not in own
    assert ada.post(home, form).status_code == 403
    assert ada.post(f"{home}withdraw/", {"entry": "w1"}).status_code == 302
    assert load(course).state.is_over
    assert signed_in("finn").get(home).status_code == 403


def test_the_text_page(cast: Cast, at: datetime, signed_in: Callable[[str], Client]) -> None:
    """The page says what is lacking; only a prescriber signs on it."""
    cleo, nia = signed_in("cleo"), signed_in("nia")
    assert "Nobody has signed what patients are told" in cleo.get("/pathway/consent/feder_2021/").content.decode()
    assert nia.post("/pathway/consent/feder_2021/", {"password": PASSWORD}).status_code == 403
    consent_ready(cast, at)
    assert "27.5 days" in nia.get("/pathway/consent/feder_2021/").content.decode()


def test_a_person_reads_and_signs_in_spanish(course: Course, signed_in: Callable[[str], Client]) -> None:
    """Signed for use beside the English one; shown, confirmed and kept byte for byte in the chosen language."""
    cleo, ben = signed_in("cleo"), signed_in("ben")
    to = f"/pathway/{course.key}/consent/"
    assert "language=es" not in ben.get(to).content.decode()
    assert "Este uso no está aprobado" in cleo.get("/pathway/consent/feder_2021/?language=es").content.decode()
    assert cleo.post("/pathway/consent/feder_2021/", {"password": PASSWORD, "language": "es"}).status_code == 302
    english, spanish = ben.get(to), ben.get(f"{to}?language=es")
    assert "This use is not approved" in english.content.decode() and 'lang="es"' in spanish.content.decode()
    form = spanish.context["form"]
    told = {**form.initial, "identity": "passport", "name": "Ada Ames", "confirmed": []}
    assert ben.post(to, told).status_code == 409
    told["confirmed"] = [key for key, words in form.fields["confirmed"].choices if words.endswith(".")]
    assert ben.post(to, {**told, "language": "en"}).status_code == 409
    assert ben.post(to, told).status_code == 302
    body = kept(course).body
    assert body.startswith("## De qué se trata") and "## Lo que usted espera" in body
    assert hash_of(body) == spanish.context["page"].shown_hash
    assert [json.loads(e.payload)["language"] for e in entries(course.key) if e.kind == "consent.shown"] == ["es"]
    assert ben.get(to).context["form"] is None
