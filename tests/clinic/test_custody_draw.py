"""Drawing a dose: from the right lot, within its days, off the balance once, accounted for to the last part."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from tests.clinic.stock import DEVICE, STRONG, VIAL, act, drawn, lot_of, product, signed
from tests.course_makers import adas_course
from unstuck.clinic.course.models import Course
from unstuck.clinic.custody import queries
from unstuck.clinic.custody import refusals as no
from unstuck.clinic.custody.actions import Give, Waste, WasteRest, draw, give, waste, waste_rest
from unstuck.clinic.custody.models import Container, Drawing, Movement, Reason
from unstuck.clinic.custody.receiving import Receipt, receive
from unstuck.clinic.ledger.actions import LedgerRefusal
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.people.models import Account

Cast = dict[str, Account]
pytestmark = pytest.mark.django_db


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    return adas_course(cast, at)


def test_a_dose_leaves_the_balance_and_knows_its_milligrams(cast: Cast, course: Course, at: datetime) -> None:
    """4 mL of 10 mg/mL are 40 mg: drawn from vial 1, 36 mL of the two vials stay."""
    lot = lot_of(VIAL, cast, at)
    drawing = draw(drawn(lot, "4.0", course, cast), at)
    assert (drawing.amount, drawing.mg) == (Decimal(4), Decimal(40))
    assert queries.on_hand(lot) == Decimal(36)
    assert [c.left for c in lot.containers.all()] == [16_000, 20_000]


def test_the_same_act_again_takes_nothing(cast: Cast, course: Course, at: datetime) -> None:
    """A second tap gives the first drawing; the same act with another amount is refused."""
    asked = drawn(lot_of(VIAL, cast, at), "4.0", course, cast)
    first = draw(asked, at)
    assert draw(asked, at + timedelta(seconds=3)).pk == first.pk
    assert queries.on_hand(asked.lot) == Decimal(36) and Drawing.objects.count() == 1
    with pytest.raises(no.ActDiffers):
        draw(replace(asked, amount=Decimal("0.4")), at)


def test_an_expired_lot_gives_nothing(cast: Cast, course: Course, at: datetime) -> None:
    """On its last day a lot may be drawn from, the day after it may not."""
    lot = lot_of(VIAL, cast, at)
    last = at.replace(year=2027, month=12, day=31)
    draw(drawn(lot, "1", course, cast), last)
    with pytest.raises(no.LotExpired):
        draw(drawn(lot, "1", course, cast), last + timedelta(days=1))


def test_the_wrong_drug_and_an_empty_lot_are_refused(cast: Cast, course: Course, at: datetime) -> None:
    """A lot of another drug than the order's is refused, and so is more than there is; nothing was written."""
    lot = lot_of(VIAL, cast, at)
    before = Entry.objects.count()
    with pytest.raises(no.WrongDrug):
        draw(replace(drawn(lot, "1", course, cast), drug="midazolam"), at)
    with pytest.raises(no.NotEnough, match=r"40 mL to draw from, not 40\.001"):
        draw(drawn(lot, "40.001", course, cast), at)
    with pytest.raises(no.TooFine):
        draw(drawn(lot, "0.0005", course, cast), at)
    assert Entry.objects.count() == before and queries.on_hand(lot) == Decimal(40)


def test_only_who_may_draws_and_nobody_watches_themselves(cast: Cast, course: Course, at: datetime) -> None:
    """A therapist and the custodian draw nothing; a named witness is another person."""
    lot = lot_of(VIAL, cast, at)
    for name in ("ben", "otis", "finn"):
        with pytest.raises(no.MayNot):
            draw(replace(drawn(lot, "1", course, cast), actor=cast[name]), at)
    with pytest.raises(no.WitnessIsActor):
        draw(replace(drawn(lot, "1", course, cast), witness=cast["nia"]), at)


def test_a_single_dose_vial_serves_one_person_on_one_day(cast: Cast, course: Course, at: datetime) -> None:
    """What one person's dose left in a single-dose vial is drawn for nobody else, and not the next day."""
    lot = lot_of(STRONG, cast, at)
    draw(drawn(lot, "1", course, cast), at)
    assert draw(drawn(lot, "1", course, cast), at).numbers == [1]
    assert draw(drawn(lot, "1", course, cast), at + timedelta(days=1)).numbers == [2]
    assert draw_from_open(lot, at) == [1, 2]


def draw_from_open(lot: object, at: datetime) -> list[int]:
    return [c.number for c in Container.objects.filter(lot=lot) if not c.sealed]


def test_a_multi_dose_vial_ends_with_its_days(cast: Cast, course: Course, at: datetime) -> None:
    """A vial that may stay open for 28 days is drawn from on day 28 and not on day 29."""
    lot = lot_of(VIAL, cast, at, containers=1)
    draw(drawn(lot, "1", course, cast), at)
    draw(drawn(lot, "1", course, cast), at + timedelta(days=28))
    with pytest.raises(no.NotEnough, match="has 0 mL"):
        draw(drawn(lot, "1", course, cast), at + timedelta(days=29))


def test_sprays_are_whole(cast: Cast, course: Course, at: datetime) -> None:
    """56 mg of esketamine are four sprays of 14 mg from two devices; half a spray is refused."""
    lot = lot_of(DEVICE, cast, at)
    drawing = draw(drawn(lot, "4", course, cast), at)
    assert (drawing.mg, drawing.numbers, lot.mg_per_ml) == (Decimal(56), [1, 2], None)
    with pytest.raises(no.TooFine):
        draw(drawn(lot, "0.5", course, cast), at)


def test_a_drawing_is_accounted_for_to_the_last_part(cast: Cast, course: Course, at: datetime) -> None:
    """Given and wasted never exceed what was drawn; what nobody has told of stays open and is listed."""
    lot = lot_of(VIAL, cast, at)
    drawing = draw(drawn(lot, "4.0", course, cast), at)
    give(Give(act(), drawing.act, Decimal("3.5"), cast["nia"]), at)
    assert [(one.act, one.open) for one in queries.open_drawings()] == [(drawing.act, Decimal("0.5"))]
    rest = WasteRest(act(), drawing.act, Decimal("0.5"), Reason.REMAINDER, cast["nia"], cast["cleo"])
    with pytest.raises(no.NotEnough):
        waste_rest(replace(rest, act=act(), amount=Decimal("0.501")), at)
    with pytest.raises(no.WitnessIsActor):
        waste_rest(replace(rest, act=act(), witness=cast["nia"]), at)
    assert waste_rest(rest, at).open == waste_rest(rest, at).open == 0
    assert queries.open_drawings() == [] and queries.on_hand(lot) == Decimal(36)
    with pytest.raises(IntegrityError), transaction.atomic():
        Drawing.objects.update(given_parts=4_000)


def test_nobody_witnesses_their_own_waste(cast: Cast, at: datetime) -> None:
    """Neither the action nor the database takes one person's two signatures; a therapist does not sign either."""
    lot = lot_of(VIAL, cast, at)
    asked = Waste(act(), lot, 1, Decimal("2"), Reason.BROKEN, cast["nia"], cast["nia"])
    with pytest.raises(no.WitnessIsActor):
        waste(asked, at)
    with pytest.raises(no.WitnessMayNot):
        waste(replace(asked, witness=cast["ben"]), at)
    assert queries.on_hand(lot) == Decimal(40)
    done = waste(replace(asked, witness=cast["otis"]), at)
    assert waste(replace(asked, witness=cast["otis"]), at).left == done.left == 18_000
    with pytest.raises(IntegrityError), transaction.atomic():
        Movement.objects.filter(act=asked.act).update(witness=cast["nia"].key)
    with pytest.raises(IntegrityError), transaction.atomic():
        Movement.objects.filter(act=asked.act).update(witness="")
    with pytest.raises(LedgerRefusal):
        waste(replace(asked, witness=cast["otis"], amount=Decimal("3")), at)


def test_the_database_itself_refuses_a_negative_balance(cast: Cast, at: datetime) -> None:
    """Whatever code writes past the actions, no container falls below nothing."""
    lot = lot_of(VIAL, cast, at)
    with pytest.raises(IntegrityError), transaction.atomic():
        Container.objects.filter(lot=lot).update(left=-1)


def test_rows_that_were_changed_by_hand_are_named(cast: Cast, course: Course, at: datetime) -> None:
    """The balance is held against the acts: a row that says otherwise is a finding, and the ledger verifies."""
    lot = lot_of(VIAL, cast, at)
    draw(drawn(lot, "4", course, cast), at)
    assert queries.differences() == () and verify().sound
    Container.objects.filter(lot=lot, number=2).update(left=19_000)
    assert [words for words in queries.differences() if "No. 2" in words and "20000" in words]


def test_a_lot_in_another_place_is_found_and_drawn_there(cast: Cast, course: Course, at: datetime) -> None:
    """A cabinet has a chain and a balance of its own; a scan finds its lots, and a dose is drawn there."""
    kind = product(VIAL, cast, at)
    receipt = Receipt(kind, "C1", date(2027, 12, 31), 1, Decimal(10), location="room_2")
    lot = receive(receipt, signed(cast), at)
    assert queries.scan("C1") == lot and queries.scan("C1", "safe") is None
    drawing = draw(drawn(lot, "4", course, cast), at)
    assert (drawing.location, queries.on_hand(lot), queries.on_hand(lot, "room_2")) == ("room_2", 0, Decimal(16))
    assert [e.kind for e in entries("custody:room_2")] == ["custody.received", "custody.drawn"]
    assert queries.differences() == () and queries.locations() == ("room_2",)
