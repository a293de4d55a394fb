"""The audit page: every entry is a sentence, and the page says whether the ledger is what was written."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client

import unstuck.clinic
from tests.pages import without_keys
from tests.site_fixtures import PASSWORD
from unstuck.clinic.audit.sentences import SAID, actor_words, sentence
from unstuck.clinic.ledger import triggers
from unstuck.clinic.ledger.actions import append_event, note
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people.models import Account
from unstuck.clinic.protocol import actions
from unstuck.core import events as core
from unstuck.core import session_events as live
from unstuck.core.events import dumps, to_dict
from unstuck.core.protocol_file import load_protocol
from unstuck.core.therapy_events import TherapyItemListed, TherapyRecorded

Browser = Callable[[str], Client]
COURSE = "c_12ab34cd56ef"
AT = datetime.fromisoformat("2026-03-02T09:00:00+00:00")

HAPPENED: tuple[core.What, ...] = (
    core.Enrolled("feder_2021", "1", "f" * 64, "ketamine"),
    core.ConsentGiven("treatment", "2"),
    core.ConsentWithdrawn("treatment"),
    core.FactStated("person.pregnant", False),
    core.StepHeld("preparation", 2),
    core.AssessmentCompleted("pcl5_week", "1", "demo", (("i1", 3.0),), (("total", 61.0),), "weekly", 1),
    core.DoseGiven("infusion", 2, "midazolam", "iv_infusion", 3.1, 71.0, 40.0, "control"),
    core.ReadingTaken("systolic_mmhg", 173.0, "infusion", 2, "during"),
    core.Discharged("infusion", 2),
    core.VisitBooked("infusion", 3, AT),
    core.AdverseEventNoted("hallucination", 2),
    core.StepSkipped("weekly", 2, "travel"),
    core.GateOverridden("infusion", 2, "blood_pressure", "judged"),
    core.Amended("f" * 64, "a" * 64, "2"),
    core.Corrected("e_1", "mistyped"),
    core.CourseEnded(core.Ending.STOPPED_HARM),
    live.SessionOpened("infusion", 2, "chair_1", ("name", "born_on")),
    live.DoseOrdered("infusion", 2, "o_1", "control", "midazolam", "iv_infusion", 0.045, "mg/kg", 9.0, AT, 40.0),
    live.DoseChecked("infusion", 2, "o_1", live.CheckRole.GIVER, "midazolam", "l_1", 5.0, "mL", 0.6, 71.0),
    live.PartGiven("infusion", 2, 1, 3.1),
    live.InfusionChanged("infusion", 2, live.Flow.RATE, 0.05),
    live.AlarmAnswered("infusion", 2, "pressure_high", live.Answer.TAKEN),
    live.MeasureTaken("infusion", 2, "ondansetron", 4.0, "mg", "iv"),
    live.PresenceNoted("infusion", 2, "a_ben", "therapist", True),
    live.HandedOver("infusion", 2, "chair_1", "a_nia", ("pressure_high",)),
    live.Called("infusion", 2, live.Call.HELP, "patient"),
    live.CallAnswered("infusion", 2, live.Call.HELP, "a_nia"),
    live.ChoicesLocked("infusion", 2, "none", "no", "voice"),
    TherapyItemListed("pe", "situation", "situation.1"),
    TherapyRecorded("pe_after_infusion", 1, "pe", "1", 1, 1, (("imaginal_peak", 85.0),)),
)


def event(what: core.What, actor: str = "a_x") -> core.Event:
    return core.Event(f"e_{type(what).__name__}", COURSE, AT, AT, actor, core.Origin.CLINIC, what)


def entry(kind: str, payload: object, chain: str = COURSE, actor: str = "a_x") -> Entry:
    return Entry(
        chain=chain, seq=1, act="1", kind=kind, payload=dumps(payload), actor=actor, observed_at=AT, recorded_at=AT
    )


def noted_kinds() -> set[str]:
    """Every kind that any call of `note` in the clinic writes."""
    found = set()
    for path in Path(unstuck.clinic.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "note":
                found |= {a.value for a in node.args[:1] if isinstance(a, ast.Constant)}
    return found


def test_every_kind_of_core_event_is_tried_here() -> None:
    """No kind of event is missing from these tests."""
    assert {type(what).__name__ for what in HAPPENED} == set(core.KINDS)


@pytest.mark.parametrize("what", HAPPENED, ids=lambda what: type(what).__name__)
def test_every_core_event_is_a_sentence(what: core.What) -> None:
    """Each kind of event has a sentence of its own, which names the actor and the course."""
    words = sentence(entry(type(what).__name__, to_dict(event(what))), {"a_x": "Nia Nolan"})
    assert type(what).__name__ in SAID
    assert words.startswith("Nia Nolan ") and words.endswith(" in course c_12ab34…")


@pytest.mark.parametrize("what", HAPPENED, ids=lambda what: type(what).__name__)
def test_sentences_tell_nothing_clinical(what: core.What) -> None:
    """Neither score, amount, drug, arm nor finding is in a sentence: who reads the audit may not see them."""
    words = sentence(entry(type(what).__name__, to_dict(event(what))), {})
    hidden = ("ketamine", "midazolam", "61", "173", "3.1", "pregnant", "systolic", "hallucination", "harm")
    assert [word for word in hidden if word in words] == []


def test_every_noted_kind_is_a_sentence() -> None:
    """Whatever kind the clinic's code notes has a sentence of its own."""
    assert len(noted_kinds()) > 10
    assert noted_kinds() - set(SAID) == set()


@pytest.mark.parametrize("kind", sorted(set(SAID) - set(core.KINDS)))
def test_an_act_of_the_site_is_a_sentence(kind: str) -> None:
    """An act on the site's chain reads as a sentence and names no course."""
    payload = {
        "protocol": "feder_2021",
        "version": "1",
        "instrument": "pcl5_week",
        "account": "a_y",
        "roles": ["nurse"],
        "chair": "chair_1",
        "offset_s": 45.0,
        "device": "d_1",
        "address": "10.0.0.7",
        "made_at": "2026-03-01T21:00:00+00:00",
    }
    words = sentence(entry(kind, payload, "site"), {"a_x": "Cleo Cruz", "a_y": "Nia Nolan"})
    assert words.startswith("Cleo Cruz ") and words.endswith((".", "…")) and "course" not in words


def test_an_unknown_kind_still_reads_as_a_sentence() -> None:
    """A kind that this version does not know is told by its name."""
    words = sentence(entry("stock.counted_again", {}, "site"), {"a_x": "Nia Nolan"})
    assert words == "Nia Nolan made an entry of the kind “stock: counted again”."


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("p_0123456789", "Person p_012345…"),
        ("a_0123456789", "Account a_012345…"),
        ("operator", "The operator of the server"),
        ("", "Somebody"),
    ],
)
def test_whoever_has_no_name_goes_by_a_pseudonym(key: str, words: str) -> None:
    """An actor without an account is told by the key."""
    assert actor_words(key, {}) == words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("username", "status"),
    [("quinn", 200), ("alma", 200), ("finn", 403), ("nia", 403), ("cleo", 403), ("dev", 403), ("ada", 403)],
)
def test_who_reads_the_audit(signed_in: Browser, username: str, status: int) -> None:
    """Quality and administrators read the audit; the front desk and everybody else do not."""
    assert signed_in(username).get("/audit/").status_code == status


@pytest.mark.django_db
def test_the_page_reads_as_sentences(signed_in: Browser, cast: dict[str, Account], at: datetime) -> None:
    """The newest entry stands first; staff are named; the page says that the ledger is whole."""
    actions.release(load_protocol("feder_2021"), cast["cleo"], PASSWORD, at)
    with transaction.atomic():
        append_event(event(HAPPENED[6], cast["nia"].key), "f" * 64)
    page = signed_in("quinn").get("/audit/").content.decode()
    dose, release = "Nia recorded a dose “infusion” (2) in course c_12ab34…", "Cleo released feder_2021, version 1."
    assert dose in page and release in page and page.index(dose) < page.index(release)
    assert "Every entry is as it was written, checked just now." in page


@pytest.mark.django_db
def test_patients_are_not_named(signed_in: Browser, cast: dict[str, Account], at: datetime) -> None:
    """Who reads the audit works with pseudonyms: a patient's account goes by its key."""
    note("account.signed_in", cast["ada"].key, at)
    page = signed_in("quinn").get("/audit/").content.decode()
    assert f"Account {cast['ada'].key[:8]}… signed in." in page and "Ada" not in without_keys(page)


@pytest.mark.django_db
def test_one_chain_alone(signed_in: Browser, cast: dict[str, Account]) -> None:
    """With a chain the page shows its entries alone; a key that does not exist is said to be none."""
    with transaction.atomic():
        append_event(event(HAPPENED[0], cast["nia"].key), "f" * 64)
    client = signed_in("alma")
    page = client.get("/audit/", {"chain": COURSE}).content.decode()
    assert "enrolled a person" in page and "opened" not in without_keys(page)
    assert "There is no such chain." in client.get("/audit/", {"chain": "c_none"}).content.decode()


@pytest.mark.django_db
def test_fifty_a_page(signed_in: Browser, cast: dict[str, Account], at: datetime) -> None:
    """Fifty entries stand on a page; the next page goes on without checking the ledger again."""
    for _number in range(60):
        note("account.signed_in", cast["nia"].key, at)
    client = signed_in("quinn")
    first, second = (client.get("/audit/", {"page": n}).content.decode() for n in (1, 2))
    assert first.count("<tr><td") == 50 and "Older" in first
    assert "Newer" in second and "checked just now" not in second


@pytest.mark.django_db
def test_an_altered_entry_is_told(signed_in: Browser, cast: dict[str, Account]) -> None:
    """When a row is not what was written, the page says so with the finding's own sentence."""
    triggers.drop(connection)
    Entry.objects.filter(chain="site", seq=2).update(actor="a_another")
    triggers.create(connection)
    page = signed_in("quinn").get("/audit/").content.decode()
    assert "Entry 2 of chain site" in page and "was altered" in page
    assert "checked just now" not in page
