"""What the overview of the house shows: frozen values, without any query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from unstuck.clinic.measures.house import KINDS, House, chair_use, endpoints, working_days
from unstuck.core.measures import Ratio, Times, responders


@dataclass(frozen=True, slots=True)
class Row:
    """One number: what it counts, how sure it is, and the counts behind it, each of which opens to its list.

    `counted` is None where everything counts; `told` says what the total is of.
    """

    title: str
    figure: str
    interval: str
    opens: str
    counted: int | None
    total: int
    told: str = ""
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of one protocol."""

    protocol: str
    row: Row


@dataclass(frozen=True, slots=True)
class HousePage:
    """Exactly what the page shows."""

    weeks: int
    running: tuple[Row, ...]
    safety: tuple[Row, ...]
    outcomes: tuple[Outcome, ...]
    people: int


def house_page(here: House) -> HousePage:
    """The numbers of the period, for this reader."""
    shares = tuple(_share(here, key) for key in ("no_shows", "complete"))
    safety = tuple(_share(here, key) for key in ("harmed", "serious", "harms")) if here.safe else ()
    people = KINDS["courses"].measure(here)
    running = (*shares, _times(here), _chairs(here))
    return HousePage(here.weeks, running, safety, tuple(_outcomes(here)), len(people.items))


def told(found: Ratio | Times) -> tuple[str, str]:
    """Figure and interval in words."""
    if isinstance(found, Times):
        spread = found.quartiles_min
        if spread is None:
            return _("too few"), ""
        middle = _("half between %(low)s and %(high)s") % {"low": f"{spread[0]:.0f}", "high": f"{spread[2]:.0f}"}
        return f"{spread[1]:.0f} min", middle
    if found.share is None:
        return _("none"), ""
    low, high = found.interval
    between = _("%(low)s to %(high)s %%") % {"low": f"{100 * low:.0f}", "high": f"{100 * high:.0f}"}
    return f"{100 * found.share:.0f} %", between


def _share(here: House, key: str) -> Row:
    found = KINDS[key].measure(here)
    assert isinstance(found, Ratio)
    return _row(str(KINDS[key].title), key, found)


def _row(title: str, key: str, found: Ratio) -> Row:
    return Row(title, *told(found), key, found.count, found.of, unknown=found.unknown)


def _times(here: House) -> Row:
    kind = KINDS["session_time"]
    found = kind.measure(here)
    leaving = _("visits with a recorded leaving")
    return Row(str(kind.title), *told(found), "session_time", None, len(found.items), leaving)


def _chairs(here: House) -> Row:
    rate, visits = chair_use(here)
    words = _("visits on %(chairs)s chairs in %(days)s days") % {"chairs": here.seats, "days": working_days(here)}
    title = _("Dosing visits a chair and working day")
    return Row(title, f"{rate:.2f}" if rate is not None else _("none"), "", "chairs", None, visits.of, words)


def _outcomes(here: House) -> Iterator[Outcome]:
    for key, protocol, endpoint, courses in endpoints(here):
        found = responders(endpoint, courses, here.period.end)
        yield Outcome(protocol, _row(endpoint.title, key, found))
