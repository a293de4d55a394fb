"""The scales that screening rules read: which are still unknown, and the way to each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from unstuck.clinic import clock
from unstuck.clinic.assessment.actions import GOOD_FOR, Made, NothingToAsk, make_free_link
from unstuck.clinic.pathway.looked import Screened
from unstuck.core.accepting import scales
from unstuck.core.activities import Assess
from unstuck.core.instrument_file import load_instrument
from unstuck.core.schedule import State, overview
from unstuck.core.screening import Finding

OPEN = (State.OPEN, State.LATE)
UNANSWERED = (Finding.UNKNOWN, Finding.EXPIRED)


@dataclass(frozen=True, slots=True)
class ScaleRow:
    """One scale that a rule reads. `address` leads staff to their rating; empty where the person answers."""

    key: str
    title: str
    known: bool
    address: str


def scale_rows(now: Screened) -> tuple[ScaleRow, ...]:
    """Every scale that the rules read, in their order."""
    return tuple(_rows(now))


def _rows(now: Screened) -> Iterator[ScaleRow]:
    open_ = {one.key for one in now.findings if one.finding in UNANSWERED}
    asked = _steps(now) if open_ else {}
    for name, finding in scales(now.rules):
        instrument = load_instrument(name)
        page = f"{reverse('assessment:rated', args=[now.loaded.row.key])}?{asked.get(name, f'scale={name}')}"
        rated = instrument.rater.value == "clinician"
        yield ScaleRow(name, instrument.title, finding not in open_, page if rated else "")


def _steps(now: Screened) -> dict[str, str]:
    """By instrument, how the open step of the plan is named that asks it anyway."""
    protocol = now.loaded.protocol
    found: dict[str, str] = {}
    for due in overview(protocol, now.loaded.state, now.looked.at, clock.zone()):
        activity = protocol.step(due.step).activity
        if due.state in OPEN and isinstance(activity, Assess):
            found |= {name: f"step={due.step}:{due.occurrence}" for name in activity.instruments if name not in found}
    return found


def link_to_scales(now: Screened, actor: str, at: datetime, good_for: timedelta = GOOD_FOR) -> str:
    """The signed token of a link to what the person has not answered yet. Raises NothingToAsk, NotNow, NoWording."""
    wanted = [row.key for row in scale_rows(now) if not row.known and not row.address]
    if not wanted:
        raise NothingToAsk(_("The person has answered every scale that the rules read."))
    return make_free_link(now.loaded.row, wanted, Made(actor, at, at + good_for))[1]
