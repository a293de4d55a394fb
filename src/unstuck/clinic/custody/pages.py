"""What the stock's pages show to one account: frozen values, without any query of their own after they are made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _

from unstuck.clinic.course.models import Course
from unstuck.clinic.custody import queries
from unstuck.clinic.custody.amounts import number_words
from unstuck.clinic.custody.models import (
    Container,
    Discrepancy,
    Drawing,
    Kind,
    Lot,
    Movement,
    Outcome,
    Proposal,
    Reason,
)
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account


@dataclass(frozen=True, slots=True)
class LotRow:
    """One lot at one location. Behind a mask there is no mg and no code."""

    key: str
    name: str
    code: str
    label: str
    location: str
    left: str
    empty: bool
    mg: Decimal | None
    sealed: int
    opened: int
    expires_on: object
    state: str
    word: str


@dataclass(frozen=True, slots=True)
class DiscrepancyRow:
    key: str
    lot: str
    location: str
    expected: str
    found: str
    difference: str
    opened_at: datetime
    closed_at: datetime | None
    outcome: str
    report: str


@dataclass(frozen=True, slots=True)
class DrawingRow:
    """A drawing of which a part is not accounted for."""

    act: str
    lot: str
    open: str
    amount: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class LeftoverRow:
    """What is left in containers of a lot that may be given to nobody."""

    key: str
    lot: str
    numbers: str
    left: str


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A waste that waits for a signature; `own` where the reader proposed it and so cannot sign it."""

    act: str
    what: str
    lot: str
    reason: str
    by: str
    at: datetime
    own: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class StockPage:
    rows: tuple[LotRow, ...]
    proposals: tuple[ProposalRow, ...]
    leftovers: tuple[LeftoverRow, ...]
    discrepancies: tuple[DiscrepancyRow, ...]
    drawings: tuple[DrawingRow, ...]
    draws: bool  # whether the reader says what became of a drawing
    differences: tuple[str, ...]
    counted_at: datetime | None
    keeps: bool
    wastes: bool
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One line of a lot's history."""

    at: datetime
    what: str
    numbers: str
    location: str
    change: str
    balance: str
    by: str
    second: str
    course: str


@dataclass(frozen=True, slots=True)
class LotPage:
    rows: tuple[LotRow, ...]
    moves: tuple[MoveRow, ...]
    name: str
    label: str
    code: str
    product: str
    strength: str
    expires_on: object
    set_aside: bool
    masked: bool
    key: str
    keeps: bool
    wastes: bool


def stock_page(account: Account, at: datetime, counted_at: datetime | None) -> StockPage:
    """The stock as `account` may see it; rows against acts are checked for who keeps it."""
    keeps = access.may_keep_stock(account)
    drawings = queries.open_drawings()
    asked = list(queries.open_proposals())
    names = queries.names_of({each.drawn_by for each in drawings} | {each.actor for each in asked})
    return StockPage(
        rows=lot_rows(queries.lots(), account, at),
        proposals=tuple(proposal_row(each, account, names) for each in asked),
        leftovers=leftover_rows(queries.to_waste(at), account),
        discrepancies=tuple(discrepancy_row(each, account) for each in queries.open_discrepancies()),
        drawings=tuple(drawing_row(each, account, names) for each in drawings),
        differences=queries.differences() if keeps else (),
        counted_at=counted_at,
        keeps=keeps,
        draws=access.may_draw_drug(account),
        wastes=access.may_waste_drug(account),
        locations=queries.locations(),
    )


def leftover_rows(containers: Iterable[Container], account: Account) -> tuple[LeftoverRow, ...]:
    """One row a lot."""
    by_lot = [(lot, list(held)) for lot, held in groupby(containers, lambda one: one.lot)]
    return tuple(
        LeftoverRow(
            key=lot.key,
            lot=lot_words(lot, account),
            numbers=number_words([one.number for one in held]),
            left=lot.said(sum(one.left for one in held)),
        )
        for lot, held in by_lot
    )


def lot_words(lot: Lot, account: Account) -> str:
    """The lot as `account` may name it."""
    face = queries.face(lot, account)
    return f"{face.name}, {face.code or face.label}"


def lot_rows(lots: Iterable[Lot], account: Account, at: datetime) -> tuple[LotRow, ...]:
    """A row for each lot and location that holds, or held, some of it; what is used up comes last."""
    by_place: dict[tuple[int, str], list[Container]] = defaultdict(list)
    listed = list(lots)
    for container in Container.objects.filter(lot__in=listed):
        by_place[container.lot_id, container.location].append(container)
    known = {lot.pk: lot for lot in listed}
    rows = [_lot_row(known[pk], place, held, account, at) for (pk, place), held in by_place.items()]
    return tuple(sorted(rows, key=lambda row: (row.empty, row.location, row.name, row.code)))


def _lot_row(lot: Lot, place: str, held: list[Container], account: Account, at: datetime) -> LotRow:
    face, left = queries.face(lot, account), sum(one.left for one in held)
    state, word = _state(lot, left, at)
    return LotRow(
        key=lot.key,
        name=face.name,
        code=face.code,
        label=face.label,
        location=place,
        left=lot.said(left),
        empty=not left,
        mg=None if face.masked else lot.mg(lot.amount(left)),
        sealed=sum(1 for one in held if one.sealed and one.left),
        opened=sum(1 for one in held if not one.sealed and one.left),
        expires_on=lot.expires_on,
        state=state,
        word=word,
    )


def _state(lot: Lot, left: int, at: datetime) -> tuple[str, str]:
    """The status of a lot as a shape and a word."""
    if not left:
        return "skipped", _("Used up")
    if lot.expired(at):
        return "held", _("Expired")
    if lot.set_aside:
        return "held", _("Set aside")
    return "ok", _("In use")


def lot_page(lot: Lot, account: Account, at: datetime) -> LotPage:
    """One lot with every movement, the newest first."""
    face = queries.face(lot, account)
    moves = list(Movement.objects.filter(container__lot=lot).select_related("container").order_by("-id"))
    names = queries.names_of({key for move in moves for key in (move.actor, move.witness)})
    open_courses = _open_courses({move.course for move in moves}, account)
    return LotPage(
        rows=lot_rows([lot], account, at),
        moves=tuple(_move_row(lot, list(act), names, open_courses) for _, act in groupby(moves, lambda m: m.act)),
        name=face.name,
        label=lot.label,
        code=face.code,
        product=face.drug or "",
        strength=f"{face.mg_per_unit} mg/{lot.unit}" if face.mg_per_unit is not None else "",
        expires_on=lot.expires_on,
        set_aside=lot.set_aside,
        masked=lot.masked,
        key=lot.key,
        keeps=access.may_keep_stock(account),
        wastes=access.may_waste_drug(account),
    )


def _open_courses(keys: set[str], account: Account) -> frozenset[str]:
    """The courses whose doses `account` may see: of the others even the key would tell what they were given."""
    return frozenset(c.key for c in Course.objects.filter(key__in=keys) if access.may_see_doses(account, c))


def _move_row(lot: Lot, act: list[Movement], names: Mapping[str, str], courses: frozenset[str]) -> MoveRow:
    """One act as a line, whatever number of containers it moved; `act` is the newest movement first."""
    move = act[0]
    reason = f", {Reason(move.reason).label}" if move.reason else ""
    return MoveRow(
        at=move.at,
        what=f"{Kind(move.kind).label}{reason}",
        numbers=number_words(sorted(each.container.number for each in act)),
        location=move.location,
        change=signed_words(lot, sum(each.parts for each in act)),
        balance=lot.said(move.balance),
        by=names.get(move.actor, move.actor),
        second=names.get(move.witness, move.witness),
        course=move.course if move.course in courses else "",
    )


def signed_words(lot: Lot, parts: int) -> str:
    """A change with its sign."""
    return f"{'+' if parts > 0 else ''}{lot.said(parts)}"


def discrepancy_row(each: Discrepancy, account: Account) -> DiscrepancyRow:
    """A discrepancy as `account` may see it."""
    return DiscrepancyRow(
        key=each.key,
        lot=lot_words(each.lot, account),
        location=each.location,
        expected=each.lot.said(each.expected),
        found=each.lot.said(each.found),
        difference=signed_words(each.lot, each.found - each.expected),
        opened_at=each.opened_at,
        closed_at=each.closed_at,
        outcome=str(Outcome(each.outcome).label) if each.outcome else "",
        report=each.report,
    )


def drawing_row(each: Drawing, account: Account, names: Mapping[str, str]) -> DrawingRow:
    """A drawing as `account` may see it."""
    return DrawingRow(
        act=each.act,
        lot=lot_words(each.lot, account),
        open=each.lot.said(each.open_parts),
        amount=each.lot.said(each.drawn),
        at=each.drawn_at,
        by=names.get(each.drawn_by, each.drawn_by),
    )


def proposal_row(each: Proposal, account: Account, names: Mapping[str, str]) -> ProposalRow:
    """A proposal as `account` may see it."""
    of_drawing = _("of a drawing")
    return ProposalRow(
        act=each.act,
        what=each.lot.said(each.parts),
        lot=f"{lot_words(each.lot, account)}, {of_drawing if each.drawing else _('no.') + f' {each.number}'}",
        reason=str(Reason(each.reason).label),
        by=names.get(each.actor, each.actor),
        at=each.proposed_at,
        own=each.actor == account.key,
        ended=each.ended_at is not None,
    )
