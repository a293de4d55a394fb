"""The law of the stock: the balance is the fold of the acts, whatever is done in whatever order."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clinic.stock import DEVICE, STRONG, VIAL, act, drawn, lot_of, signed
from tests.course_makers import adas_course
from unstuck.clinic.course.models import Course
from unstuck.clinic.custody import counts, queries
from unstuck.clinic.custody.actions import Give, Waste, WasteRest, draw, give, waste, waste_rest
from unstuck.clinic.custody.acts import Signed
from unstuck.clinic.custody.fold import fold
from unstuck.clinic.custody.models import Container, Drawing, Lot, Outcome, Reason
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.people.models import Account
from unstuck.core.errors import Complaint

Cast = dict[str, Account]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["draw", "again", "give", "rest", "waste", "count", "close"]),
        st.integers(0, 2),
        st.integers(1, 12_000),
        st.integers(0, 40),
    ),
    max_size=14,
)


class Day:
    """A stock of three lots in which things happen, some of them refused."""

    def __init__(self, cast: Cast, at: datetime) -> None:
        self.cast, self.at, self.course = cast, at, Course.objects.get()
        self.lots = [lot_of(kind, cast, at, code=f"L{act()}") for kind in (VIAL, STRONG, DEVICE)]
        self.last: Any = None

    def do(self, what: str, lot: Lot, size: int) -> None:
        amount = lot.amount(size if lot.unit == "mL" else 1 + size % 5)
        drawing = Drawing.objects.filter(lot=lot).last()
        if what == "draw":
            self.last = drawn(lot, str(amount), self.course, self.cast)
            draw(self.last, self.at)
        elif what == "again" and self.last:
            draw(self.last, self.at)
        elif what == "give" and drawing:
            give(Give(act(), drawing.act, amount, self.cast["nia"]), self.at)
        elif what == "rest" and drawing:
            rest = (drawing.act, amount, Reason.REMAINDER, self.cast["nia"], self.cast["cleo"])
            waste_rest(WasteRest(act(), *rest), self.at)
        elif what == "waste":
            broken = (lot, 1, amount, Reason.BROKEN, self.cast["nia"], self.cast["otis"])
            waste(Waste(act(), *broken), self.at)
        elif what == "count":
            self.count(lot, size)
        elif what == "close":
            self.close(lot)

    def count(self, lot: Lot, size: int) -> None:
        held = list(Container.objects.filter(lot=lot))
        opened = {one.number: max(one.left - size % 3, 0) for one in held if not one.sealed and one.left}
        sealed = sum(1 for one in held if one.sealed) + size % 3 - 1
        counts.count(counts.Count(lot, max(sealed, 0), opened), signed(self.cast), self.at)

    def close(self, lot: Lot) -> None:
        found = queries.open_discrepancies().filter(lot=lot).first()
        if found:
            counts.investigate(found, "Looked.", Signed(act(), self.cast["otis"]), self.at)
            counts.close(found, Outcome.RECORD, signed(self.cast), self.at)


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    return adas_course(cast, at)


@pytest.mark.django_db
@pytest.mark.usefixtures("course")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=STEPS)
def test_the_balance_is_the_fold_of_the_acts(cast: Cast, at: datetime, steps: list[tuple[str, int, int, int]]) -> None:
    """After any run of acts, refused ones among them: rows are what the acts leave, and parts add up."""
    with transaction.atomic():  # each example begins with an empty stock
        day = Day(cast, at)
        for what, which, size, hours in steps:
            day.at = at + timedelta(hours=hours)
            with suppress(Complaint):
                day.do(what, day.lots[which], size)
        holds(day)
        transaction.set_rollback(True)


def holds(day: Day) -> None:
    """Rows are what the acts leave, nothing is below nothing, and movements add up to what is on hand."""
    stock = fold(entries("custody:safe"))
    assert stock.impossible == [] and queries.differences() == ()
    assert all(left >= 0 for left in stock.left.values())
    for lot in day.lots:
        moved = sum(sum(c.movements.values_list("parts", flat=True)) for c in lot.containers.all())
        assert lot.amount(stock.of_lot(lot.key)) == queries.on_hand(lot) == lot.amount(moved)
