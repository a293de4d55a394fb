"""Receiving and counting by two people; a difference is investigated, reported where it must be, and closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from tests.clinic.stock import DEVICE, VIAL, act, drawn, lot_of, product, signed
from tests.course_makers import adas_course
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.custody import barcode, counts, queries
from unstuck.clinic.custody import refusals as no
from unstuck.clinic.custody.actions import Waste, draw, waste
from unstuck.clinic.custody.acts import Signed
from unstuck.clinic.custody.models import Discrepancy, Lot, Outcome, Reason, Words
from unstuck.clinic.custody.receiving import Receipt, receive, set_aside
from unstuck.clinic.ledger.actions import FreeTextRefused
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.people.models import Account

Cast = dict[str, Account]
pytestmark = pytest.mark.django_db


@pytest.fixture
def lot(cast: Cast, at: datetime) -> Lot:
    return lot_of(DEVICE, cast, at, containers=10)


def one_short(lot: Lot, cast: Cast, at: datetime) -> Discrepancy:
    found = counts.count(counts.Count(lot, sealed=9), signed(cast), at)
    assert found.discrepancy is not None and (found.expected, found.found) == (20, 18)
    return found.discrepancy


def test_a_lot_is_received_only_with_the_strength_on_its_label(cast: Cast, at: datetime) -> None:
    """A vial of 100 mg/mL is not received as 10 mg/mL: the strength that both read must be the product's."""
    receipt = Receipt(product(VIAL, cast, at), "A1", date(2027, 1, 1), 2, Decimal(100))
    with pytest.raises(no.LabelDiffers, match="label says 100 mg per mL; this product has 10"):
        receive(receipt, signed(cast), at)
    assert Lot.objects.count() == 0


def test_a_delivery_is_signed_by_two_and_taken_once(cast: Cast, at: datetime) -> None:
    """A second tap gives the lot that stands; nobody signs twice; a nurse receives nothing; old stock is sent back."""
    receipt = Receipt(product(VIAL, cast, at), "A1", date(2027, 1, 1), 2, Decimal(10))
    both = signed(cast)
    assert receive(receipt, both, at) == receive(receipt, both, at)
    assert queries.on_hand(Lot.objects.get()) == Decimal(40)
    with pytest.raises(no.WitnessIsActor):
        receive(receipt, Signed(act(), cast["otis"], cast["otis"]), at)
    with pytest.raises(no.MayNot):
        receive(receipt, Signed(act(), cast["nia"], cast["otis"]), at)
    with pytest.raises(no.LotExpired):
        receive(replace(receipt, code="A2", expires_on=date(2026, 3, 1)), signed(cast), at)
    assert receive(receipt, signed(cast), at).containers.count() == 4


def test_what_the_barcode_says_must_agree(cast: Cast, at: datetime) -> None:
    """A scan that names another lot or last day than was typed stops the receipt; a right one is found again."""
    kind = product(replace(VIAL, gtin="00312345678901"), cast, at)
    told = "(01)00312345678901(17)270131(10)AB12"
    receipt = Receipt(kind, "AB12", date(2027, 1, 31), 2, Decimal(10), barcode=told)
    for wrong in ({"code": "AB21"}, {"expires_on": date(2027, 3, 31)}):
        with pytest.raises(no.LabelDiffers):
            receive(replace(receipt, **wrong), signed(cast), at)
    lot = receive(receipt, signed(cast), at)
    raw = "]d20100312345678901" + "17270131" + "21S1\x1d" + "10AB12"  # as a scanner sends it, with a serial number
    for text in (told, raw, raw.replace("21S1\x1d", ""), "AB12", lot.label.lower()):
        assert queries.scan(text) == lot, text
    assert queries.scan("AB21") is None and queries.scan(" ") is None and queries.scan(told, "elsewhere") is None


def test_a_lot_code_of_two_products_is_not_guessed(cast: Cast, at: datetime) -> None:
    """Where two products share a lot code, the code alone gives no lot, and so no concentration."""
    lot_of(VIAL, cast, at, code="SAME")
    lot_of(DEVICE, cast, at, code="SAME")
    assert queries.scan("SAME") is None


def test_a_lot_set_aside_gives_nothing(cast: Cast, at: datetime) -> None:
    """Nothing is drawn from a lot that is set aside until it is released."""
    lot, course = lot_of(VIAL, cast, at), adas_course(cast, at)
    set_aside(lot, True, Signed(act(), cast["otis"]), at)
    with pytest.raises(no.LotSetAside):
        draw(drawn(lot, "1", course, cast), at)
    set_aside(lot, False, Signed(act(), cast["otis"]), at)
    assert draw(drawn(lot, "1", course, cast), at).amount == 1


def test_a_count_that_agrees_opens_nothing(lot: Lot, cast: Cast, at: datetime) -> None:
    """Ten devices found where ten are recorded; a count by one person, or by a nurse alone, is none."""
    both = signed(cast)
    assert counts.count(counts.Count(lot, 10), both, at).agrees
    assert counts.count(counts.Count(lot, 10), both, at).agrees
    for wrong, why in (
        (Signed(act(), cast["otis"], cast["otis"]), no.WitnessIsActor),
        (signed(cast, "nia"), no.MayNot),
    ):
        with pytest.raises(why):
            counts.count(counts.Count(lot, 10), wrong, at)
    assert [e.kind for e in entries("custody:safe")].count("custody.counted") == 1


def test_a_missing_device_is_investigated_reported_and_closed(lot: Lot, cast: Cast, at: datetime) -> None:
    """No step can be left out; an alert calls the custodian at once; the balance follows only when two people close."""
    missing = one_short(lot, cast, at)
    alert = Alert.objects.get(kind="drug_discrepancy")
    assert (alert.cause, alert.closed_at, queries.on_hand(lot)) == (missing.key, None, Decimal(20))
    with pytest.raises(no.NotYet, match="investigation"):
        counts.close(missing, Outcome.LOSS, signed(cast), at)
    counts.investigate(missing, "Looked in every room with Nia.", Signed(act(), cast["otis"]), at)
    with pytest.raises(no.NotYet, match="reported"):
        counts.close(missing, Outcome.LOSS, signed(cast), at)
    with pytest.raises(FreeTextRefused):
        counts.report(missing, "told the board by phone", Signed(act(), cast["otis"]), at)
    counts.report(missing, "LOSS-2026-7", Signed(act(), cast["otis"]), at)
    for outcome in (Outcome.GAIN, Outcome.MISCOUNT):
        with pytest.raises(no.NotYet):
            counts.close(missing, outcome, signed(cast), at)
    with pytest.raises(no.WitnessIsActor):
        counts.close(missing, Outcome.LOSS, Signed(act(), cast["otis"], cast["otis"]), at)
    counts.close(missing, Outcome.LOSS, signed(cast), at)
    alert.refresh_from_db()
    assert (queries.on_hand(lot), queries.differences(), alert.closing) == (Decimal(18), (), "reported")
    with pytest.raises(no.NotYet, match="closed"):
        counts.investigate(missing, "More.", Signed(act(), cast["otis"]), at)


def test_a_second_count_opens_no_second_discrepancy(lot: Lot, cast: Cast, at: datetime) -> None:
    """The same device missing twice is one discrepancy, and is taken off once."""
    first = one_short(lot, cast, at)
    assert counts.count(counts.Count(lot, 9), signed(cast), at + timedelta(hours=1)).discrepancy == first
    with pytest.raises(IntegrityError), transaction.atomic():
        Discrepancy.objects.create(key="d_2", lot=lot, location="safe", expected=1, found=0, opened_at=at)


def test_a_miscount_is_closed_by_a_count_that_agrees(lot: Lot, cast: Cast, at: datetime) -> None:
    """When the device turns up, a new count by two people closes it and no balance has moved."""
    first = one_short(lot, cast, at)
    counts.investigate(first, "It lay behind the tray.", Signed(act(), cast["otis"]), at)
    assert counts.count(counts.Count(lot, 10), signed(cast), at).agrees
    with pytest.raises(no.NotYet, match="agrees"):
        counts.close(first, Outcome.BREAKAGE, signed(cast), at)
    counts.close(first, Outcome.MISCOUNT, signed(cast), at)
    assert queries.on_hand(lot) == Decimal(20) and not queries.open_discrepancies().exists()


def test_too_little_and_too_much_in_open_vials(cast: Cast, at: datetime) -> None:
    """An open vial that holds 2 mL less, and a sealed one too many, end as the last count found them."""
    lot = lot_of(VIAL, cast, at, containers=2)
    waste(Waste(act(), lot, 1, Decimal(5), Reason.BROKEN, cast["otis"], cast["nia"]), at)
    with pytest.raises(no.Unknown):
        counts.count(counts.Count(lot, 1), signed(cast), at)
    found = counts.count(counts.Count(lot, 2, {1: 13_000}), signed(cast), at)
    assert (found.expected, found.found) == (35_000, 53_000) and found.discrepancy
    counts.investigate(found.discrepancy, "A vial was never recorded.", Signed(act(), cast["otis"]), at)
    counts.close(found.discrepancy, Outcome.RECORD, signed(cast), at)
    left = dict(lot.containers.values_list("number", "left"))
    assert left == {1: 13_000, 2: 20_000, 3: 20_000} and queries.differences() == ()


def test_an_investigation_that_was_rewritten_is_named(lot: Lot, cast: Cast, at: datetime) -> None:
    """The words are bound to their entry: changing them is a finding."""
    missing = one_short(lot, cast, at)
    made = counts.investigate(missing, "Nia had the key.", Signed(act(), cast["otis"]), at)
    assert entries("custody:safe")[-1].text_mac == made.mac and queries.differences() == ()
    Words.objects.update(body="Nobody had the key.")
    assert len(queries.differences()) == 1


@pytest.mark.parametrize(
    "code", ["5012345678900", "(01)00312345678901", "0100312345678901", "(01)00312345678901(17)270131"]
)
def test_a_code_that_is_the_same_on_every_lot_names_none(cast: Cast, at: datetime, code: str) -> None:
    """A bare article number would find the wrong lot one day: it is refused at the receipt."""
    receipt = Receipt(product(VIAL, cast, at), "A1", date(2027, 1, 31), 2, Decimal(10), barcode=code)
    with pytest.raises(no.LabelDiffers, match="not this lot's own"):
        receive(receipt, signed(cast), at)
    receive(replace(receipt, barcode="SITE-1"), signed(cast), at)
    with pytest.raises(no.LabelDiffers, match="not this lot's own"):
        receive(replace(receipt, code="A2", barcode="SITE-1"), signed(cast), at)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("]d201003123456789011727020010AB", ("00312345678901", "AB", date(2027, 2, 28))),
        ("0100312345678901" + "10AB\x1d" + "17270131", ("00312345678901", "AB", date(2027, 1, 31))),
        ("(17)270131(10)AB-1(01)00312345678901", ("00312345678901", "AB-1", date(2027, 1, 31))),
        ("010031234567", ("", "", None)),
        ("0100312345678901" + "17271301" + "10AB", ("00312345678901", "AB", None)),
        ("K10-2291", ("", "", None)),
        ("10AB12", ("", "", None)),
    ],
)
def test_what_a_scanner_reads(raw: str, says: tuple[str, str, date | None]) -> None:
    """Elements in any order, with prefix and separators; day 00 is the last of its month; a broken one says nothing."""
    scan = barcode.read(raw)
    assert (scan.gtin, scan.lot, scan.expires_on) == says
