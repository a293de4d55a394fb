"""The stock's pages: two people on one form, no drug behind a mask, and nothing for who has no business there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests.clinic.stock import STRONG, VIAL, act, drawn, lot_of, signed
from tests.course_makers import adas_course
from tests.site_fixtures import PASSWORD, enrol
from unstuck.clinic import clock
from unstuck.clinic.custody import counts, proposals, queries
from unstuck.clinic.custody import refusals as no
from unstuck.clinic.custody.actions import draw
from unstuck.clinic.custody.models import Drawing, Lot, Movement, Proposal
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account

Cast = dict[str, Account]
Browser = Callable[[str], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def lot(cast: Cast, at: datetime) -> Lot:
    return lot_of(VIAL, cast, at)


def waste_of(lot: Lot, second: str, password: str = PASSWORD, **more: str) -> dict[str, str]:
    told = {"act": act(), "number": "1", "amount": "2.5", "reason": "broken"}
    return told | {"second_username": second, "second_password": password} | more


def post(browser: Client, lot: Lot, told: dict[str, str]) -> Any:
    return browser.post(f"/stock/lots/{lot.key}/waste/", told)


def test_waste_with_a_colleague_on_the_same_page(signed_in: Browser, cast: Cast, lot: Lot) -> None:
    """Nia wastes, Otis types his password: 2.5 mL are gone under two names; the same form again changes nothing."""
    told = waste_of(lot, "otis")
    with_factor = enrol(cast["otis"], clock.read())
    at = clock.read()
    with clock.stopped(at):
        assert post(signed_in("nia"), lot, told).status_code == 422  # his code is missing
        told["second_code"] = with_factor.code(at)
        nia = signed_in("nia")
        assert post(nia, lot, told).status_code == 302
        assert "Wasted, under two names." in nia.get("/stock/").content.decode()
        assert "under two names" not in nia.get("/stock/").content.decode()
        assert post(signed_in("nia"), lot, told).status_code == 302
    moved = Movement.objects.get(kind="wasted")
    assert (moved.actor, moved.witness, moved.parts) == (cast["nia"].key, cast["otis"].key, -2500)
    assert queries.on_hand(lot) == Decimal("37.5")


@pytest.mark.parametrize(
    ("second", "password", "says"),
    [
        ("nia", PASSWORD, "their own act"),
        ("NIA", PASSWORD, "their own act"),
        (" nia ", PASSWORD, "their own act"),
        ("otis", "wrong", "name or password is not right"),
        ("nobody", PASSWORD, "name or password is not right"),
        ("ben", PASSWORD, "does not sign for the drug"),
        ("ada", PASSWORD, "does not sign for the drug"),
        ("", "", "This field is required"),
    ],
)
def test_nobody_wastes_alone(signed_in: Browser, lot: Lot, second: str, password: str, says: str) -> None:
    """Not with their own name in any spelling, not with a wrong password, not with somebody without the role."""
    answer = post(signed_in("nia"), lot, waste_of(lot, second, password))
    assert answer.status_code == 422 and says in answer.content.decode()
    assert not Movement.objects.filter(kind="wasted").exists() and queries.on_hand(lot) == Decimal(40)


def test_the_second_password_is_never_shown_again(signed_in: Browser, lot: Lot) -> None:
    """A form that comes back with an error holds no password, and asks the browser not to fill one in."""
    page = post(signed_in("nia"), lot, waste_of(lot, "otis", "wrong secret words")).content.decode()
    field = re.search(r"<input[^>]*second_password[^>]*>", page)
    assert field and "wrong secret words" not in page and 'autocomplete="new-password"' in field[0]
    assert Entry.objects.filter(kind="custody.signature_refused").count() == 1


def test_guessing_a_colleagues_password_locks_it(signed_in: Browser, lot: Lot) -> None:
    """Wrong second passwords count towards the lock of signing in."""
    browser = signed_in("nia")
    for _ in range(5):
        post(browser, lot, waste_of(lot, "otis", "wrong"))
    assert post(browser, lot, waste_of(lot, "otis")).status_code in (403, 422, 429)
    assert queries.on_hand(lot) == Decimal(40)


PAGES = {
    "/stock/": "nia cleo otis quinn",
    "/stock/lots/{lot}/": "nia cleo otis quinn",
    "/stock/lots/{lot}/waste/": "nia cleo otis",
    "/stock/receive/": "otis",
    "/stock/products/new/": "otis",
    "/stock/count/": "otis",
    "/stock/discrepancies/": "nia cleo otis quinn",
    "/stock/sheet/safe/2026-03-02/": "otis",
}


@pytest.mark.parametrize("address", PAGES)
def test_who_opens_what(signed_in: Browser, cast: Cast, lot: Lot, address: str) -> None:
    """Exactly the named members of the cast; everybody else is refused."""
    may = {name for name in cast if signed_in(name).get(address.format(lot=lot.key)).status_code == 200}
    assert may == set(PAGES[address].split())


def test_the_custodian_sees_no_person(signed_in: Browser, cast: Cast, at: datetime) -> None:
    """No list of people, no course, no answers: the stock is all that the custodian opens."""
    course = adas_course(cast, at)
    for address in ("/courses/", f"/courses/{course.key}/", "/today/", f"/courses/{course.key}/events.jsonl"):
        assert signed_in("otis").get(address).status_code == 403, address


def blind(course: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The course, blinded to nurse and prescriber as its protocol would say."""
    type(course).objects.update(blinded=True)
    monkeypatch.setattr(type(course), "blinded_roles", frozenset({"nurse", "prescriber", "patient"}))
    course.refresh_from_db()
    return course


def test_a_blinded_course_draws_from_masked_lots_only(
    cast: Cast, lot: Lot, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lot that shows its drug is refused; a masked one is drawn from, and its face has no drug and no mg."""
    course = blind(adas_course(cast, at), monkeypatch)
    with pytest.raises(no.MaskWouldBreak):
        draw(drawn(lot, "1", course, cast), at)
    masked = lot_of(replace(VIAL, key="study"), cast, at, code="S1", masked=True)
    assert draw(drawn(masked, "1", course, cast), at).amount == 1
    face = queries.face(masked, cast["nia"], course)
    assert (face.drug, face.mg_per_ml, face.mg_per_unit, face.code) == (None, None, None, "")
    assert queries.face(masked, cast["otis"]).drug == "ketamine"
    assert queries.face(lot, cast["nia"], course).drug is None


def test_no_page_tells_a_nurse_what_is_masked(
    signed_in: Browser, cast: Cast, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """List, history, waste, drawing, discrepancy, refusals: a neutral label and mL, never drug, mg or lot code."""
    course = blind(adas_course(cast, at), monkeypatch)
    masked = lot_of(replace(VIAL, key="study", title="Ketamine study vial"), cast, at, "SECRET9", masked=True)
    drawing = draw(drawn(masked, "1", course, cast), at)
    found = counts.count(counts.Count(masked, 0, {1: 19_000}), signed(cast), at).discrepancy
    assert found
    addresses = ("", f"lots/{masked.key}/", f"lots/{masked.key}/waste/", f"drawings/{drawing.act}/")
    pages = [signed_in("nia").get(f"/stock/{a}") for a in (*addresses, "discrepancies/", f"discrepancies/{found.key}/")]
    pages.append(post(signed_in("nia"), masked, waste_of(masked, "cleo", amount="99")))
    for page in pages:
        told = page.content.decode()
        assert page.status_code in (200, 422) and masked.label in told, told
        assert not re.search(r"ketamine|SECRET9|\bmg\b|mg/", told, re.I)
        assert course.key not in told and course.key[:10] not in told
    with pytest.raises(no.WrongDrug) as refusal:
        draw(replace(drawn(masked, "1", course, cast), drug="midazolam"), at)
    assert "ketamine" not in str(refusal.value)


def test_an_unmasked_history_names_only_courses_that_are_open_to_the_reader(
    signed_in: Browser, cast: Cast, lot: Lot, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was drawn before a course was blinded does not tell a blinded nurse whose it was."""
    course = adas_course(cast, at)
    draw(drawn(lot, "1", course, cast), at)
    address = f"/stock/lots/{lot.key}/"
    assert course.key[:10] in signed_in("nia").get(address).content.decode()
    blind(course, monkeypatch)
    assert course.key[:10] not in signed_in("nia").get(address).content.decode()


def test_a_drawing_is_accounted_for_on_its_page(signed_in: Browser, cast: Cast, lot: Lot, at: datetime) -> None:
    """Given 3.5 and wasted 0.5 of 4 mL, the waste before Cleo's eyes; without her only what was given is taken."""
    drawing = draw(drawn(lot, "4", adas_course(cast, at), cast), at)
    address, nia = f"/stock/drawings/{drawing.act}/", signed_in("nia")
    alone = {"act": act(), "given": "3.5", "wasted": "0.5", "reason": "remainder"}
    assert nia.post(address, alone).status_code == 422 and nia.post(address, {"act": act()}).status_code == 422
    drawing.refresh_from_db()
    assert drawing.open == 4
    told = alone | {"second_username": "cleo", "second_password": PASSWORD}
    app = enrol(cast["cleo"], at)
    with clock.stopped(at):
        assert nia.post(address, told | {"second_code": app.code(at)}).status_code == 302
        assert nia.post(address, told).status_code == 302
    drawing.refresh_from_db()
    assert (drawing.given, drawing.wasted, drawing.open) == (Decimal("3.5"), Decimal("0.5"), 0)
    assert queries.differences() == ()


def test_receiving_and_counting_on_the_pages(signed_in: Browser, cast: Cast, lot: Lot, at: datetime) -> None:
    """Otis receives and counts with Nia; the count page shows no balance; a difference is opened."""
    otis, second = signed_in("otis"), {"second_username": "nia", "second_password": PASSWORD}
    day = (clock.read() + timedelta(days=300)).date().isoformat()
    told = {"act": act(), "product": str(lot.product_id), "code": "B7", "expires_on": day, "containers": "3"}
    told |= {"label_mg_per_unit": "100", "location": "safe", "masked": "no"} | second
    assert "label says 100 mg per mL" in otis.post("/stock/receive/", told).content.decode()
    told["label_mg_per_unit"] = "10"
    assert otis.post("/stock/receive/", told).status_code == otis.post("/stock/receive/", told).status_code == 302
    new = Lot.objects.get(code="B7")
    assert new.containers.count() == 3
    page = otis.get("/stock/count/").content.decode()
    assert f"{new.key}_sealed" in page and not re.search(r"40 mL|60 mL|value=\"\d+\"", page)
    counted = {"act": act(), f"{lot.key}_sealed": "2", f"{new.key}_sealed": "2"} | second
    assert otis.post("/stock/count/", counted).status_code == 302
    assert [each.lot for each in queries.open_discrepancies()] == [new]
    assert queries.last_count("safe") is not None and Drawing.objects.count() == 0


def test_a_discrepancy_is_worked_through_on_its_page(signed_in: Browser, cast: Cast, lot: Lot, at: datetime) -> None:
    """Investigation, report and closing are three forms; a nurse reads them and acts on none."""
    found = counts.count(counts.Count(lot, 1), signed(cast), at).discrepancy
    assert found
    address, otis = f"/stock/discrepancies/{found.key}/", signed_in("otis")
    closing = {"act": act(), "outcome": "loss", "second_username": "nia", "second_password": PASSWORD}
    assert "investigation" in otis.post(f"{address}close/", closing).content.decode()
    assert otis.post(f"{address}investigate/", {"act": act(), "body": "Asked all."}).status_code == 302
    assert otis.post(f"{address}report/", {"act": act(), "reference": "two words"}).status_code == 422
    assert otis.post(f"{address}report/", {"act": act(), "reference": "R-1"}).status_code == 302
    nia = signed_in("nia")
    assert "Asked all." in nia.get(address).content.decode()
    assert nia.post(f"{address}close/", closing).status_code == 403
    assert otis.post(f"{address}close/", closing).status_code == 302
    assert "report R-1" in otis.get("/stock/discrepancies/").content.decode()
    assert queries.on_hand(lot) == Decimal(20) and access.may_keep_stock(cast["otis"])


def test_what_nobody_may_be_given_is_to_be_wasted(signed_in: Browser, cast: Cast, at: datetime) -> None:
    """The rest of a single-dose vial, a vial open for too long and an expired lot are listed; a sealed one is not."""
    course = adas_course(cast, at)
    single, multi = lot_of(STRONG, cast, at, code="S5"), lot_of(VIAL, cast, at, code="M9")
    for lot in (single, multi):
        draw(drawn(lot, "1", course, cast), at)
    assert [(one.lot, one.number) for one in queries.to_waste(at)] == [(single, 1)]
    assert {one.lot for one in queries.to_waste(at + timedelta(days=29))} == {single, multi}
    assert len(queries.to_waste(at + timedelta(days=900))) == 4
    with clock.stopped(at):
        page = signed_in("nia").get("/stock/").content.decode()
    assert "To be wasted" in page and "9 mL" in page and f"/stock/lots/{single.key}/waste/" in page


def test_a_colleague_signs_from_their_own_session(signed_in: Browser, cast: Cast, lot: Lot) -> None:
    """Nia asks; nothing moves; she cannot sign it herself; Otis signs with his password, and it is gone."""
    told = waste_of(lot, "", "") | {"ask": "1"}
    nia, otis = signed_in("nia"), signed_in("otis")
    assert post(nia, lot, told).status_code == post(nia, lot, told).status_code == 302
    page = f"/stock/proposals/{told['act']}/"
    assert queries.on_hand(lot) == Decimal(40) and "Look and sign" in otis.get("/stock/").content.decode()
    assert "a colleague signs it" in nia.get(page).content.decode()
    assert "their own act" in nia.post(page, {"password": PASSWORD}).content.decode()
    app, at = enrol(cast["otis"], clock.read()), clock.read()
    with clock.stopped(at):
        for wrong in ({"password": "wrong", "code": app.code(at)}, {"password": PASSWORD}):
            assert otis.post(page, wrong).status_code == 422
        assert signed_in("ben").get(page).status_code == signed_in("quinn").get(page).status_code == 403
        assert otis.post(page, {"password": PASSWORD, "code": app.code(at)}).status_code == 302
    moved = Movement.objects.get(kind="wasted")
    assert (moved.actor, moved.witness, queries.on_hand(lot)) == (cast["nia"].key, cast["otis"].key, Decimal("37.5"))
    assert not queries.open_proposals().exists() and queries.differences() == ()
    assert nia.post(f"{page}take-back/").status_code == 403


def test_who_asked_takes_it_back(signed_in: Browser, lot: Lot) -> None:
    """Then it cannot be signed any more; somebody else cannot take it back."""
    told = waste_of(lot, "", "") | {"ask": "1"}
    post(signed_in("nia"), lot, told)
    page = f"/stock/proposals/{told['act']}/"
    assert signed_in("cleo").post(f"{page}take-back/").status_code == 403
    assert signed_in("nia").post(f"{page}take-back/").status_code == 302
    assert "waits no more" in signed_in("cleo").get(page).content.decode()
    with pytest.raises(no.NotYet):
        proposals.sign(Proposal.objects.get(), Account.objects.get(username="cleo"), clock.read())
    assert queries.on_hand(lot) == Decimal(40)


def test_the_rest_of_a_drawing_waits_for_a_colleague(signed_in: Browser, cast: Cast, lot: Lot, at: datetime) -> None:
    """What was given is told at once; the waste of the rest is open until Cleo has signed it."""
    drawing = draw(drawn(lot, "4", adas_course(cast, at), cast), at)
    told = {"act": act(), "given": "3.5", "wasted": "0.5", "reason": "remainder", "ask": "1"}
    assert signed_in("nia").post(f"/stock/drawings/{drawing.act}/", told).status_code == 302
    drawing.refresh_from_db()
    assert (drawing.given, drawing.open) == (Decimal("3.5"), Decimal("0.5"))
    proposals.sign(Proposal.objects.get(), cast["cleo"], at)
    drawing.refresh_from_db()
    assert drawing.open == 0 and queries.differences() == ()
