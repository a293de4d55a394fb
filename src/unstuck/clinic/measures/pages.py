"""What the pages of the house show: frozen values, without any query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.course.words import when
from unstuck.clinic.measures.house import KINDS, House, Kind, chair_use, endpoints, may_list
from unstuck.clinic.people import access
from unstuck.core.measures import Item, Ratio, Seen, Times, responders
from unstuck.core.protocol import Protocol

SHOWN = 500  # lines of a list


@dataclass(frozen=True, slots=True)
class Row:
    """One number, what it counts, how sure it is, and where its list is."""

    title: str
    figure: str
    of: str
    interval: str
    opens: str
    note: str = ""


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


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list."""

    name: str
    course: str
    at: str
    what: str
    counts: bool
    word: str
    value: str


@dataclass(frozen=True, slots=True)
class Behind:
    """The list behind one number."""

    title: str
    figure: str
    of: str
    lines: tuple[Line, ...]
    unlisted: int
    more: int


def house_page(here: House) -> HousePage:
    """The numbers of the period, for this reader."""
    running = tuple(_row(here, key) for key in ("no_shows", "complete", "session_time"))
    safety = tuple(_row(here, key) for key in ("harmed", "serious", "harms")) if here.safety else ()
    return HousePage(here.weeks, (*running, _chairs(here)), safety, tuple(_outcomes(here)), len(here.rows))


def _row(here: House, key: str) -> Row:
    kind = KINDS[key]
    found = kind.measure(here)
    figure, of, interval = _told(found)
    return Row(str(kind.title), figure, of, interval, key)


def _told(found: Ratio | Times) -> tuple[str, str, str]:
    """Figure, denominator and interval in words."""
    if isinstance(found, Times):
        spread = found.quartiles_min
        told = _("%(n)s visits with a recorded leaving") % {"n": len(found.items)}
        if spread is None:
            return _("too few"), told, ""
        middle = _("half between %(low)s and %(high)s") % {"low": f"{spread[0]:.0f}", "high": f"{spread[2]:.0f}"}
        return f"{spread[1]:.0f} min", told, middle
    if found.share is None:
        return _("none"), _("nothing to count"), ""
    low, high = found.interval
    return (
        f"{100 * found.share:.0f} %",
        _("%(count)s of %(of)s") % {"count": found.count, "of": found.of},
        _("%(low)s to %(high)s %%") % {"low": f"{100 * low:.0f}", "high": f"{100 * high:.0f}"},
    )


def _chairs(here: House) -> Row:
    rate, visits = chair_use(here)
    figure = f"{rate:.2f}" if rate is not None else _("none")
    title = _("Dosing visits a chair and working day")
    return Row(title, figure, _("%(n)s visits") % {"n": visits.of}, "", "chairs")


def _outcomes(here: House) -> Iterator[Outcome]:
    for key, protocol, endpoint, courses in endpoints(here):
        found = responders(endpoint, courses, here.period.end)
        missing = sum(1 for item in found.items if item.what == "not_told")
        figure, of, interval = _told(found)
        note = _("%(n)s not known") % {"n": missing} if missing else ""
        yield Outcome(protocol, Row(endpoint.title, figure, of, interval, key, note))


def behind(here: House, key: str, zone: tzinfo) -> Behind | None:
    """The list behind the number of that name; None for a name that is none, or not this reader's."""
    kind = _kind(here, key)
    if kind is None or (kind.of_safety and not here.safety):
        return None
    found = kind.measure(here)
    items = sorted(found.items, key=lambda i: (not i.counts, -i.at.timestamp()))
    listed = [item for item in items if may_list(here, kind, item)]
    figure, of, _interval = _told(found)
    lines = tuple(_line(here, kind, item, zone) for item in listed[:SHOWN])
    return Behind(str(kind.title), figure, of, lines, len(items) - len(listed), max(0, len(listed) - SHOWN))


def _kind(here: House, key: str) -> Kind | None:
    if key in KINDS:
        return KINDS[key]
    found = next((one for one in endpoints(here) if one[0] == key), None)
    if found is None:
        return None
    _key, protocol, endpoint, courses = found
    title, now = f"{protocol}: {endpoint.title}", here.period.end
    return Kind(title, _("met"), _("not met, or not known"), lambda _house: responders(endpoint, courses, now))


def _line(here: House, kind: Kind, item: Item, zone: tzinfo) -> Line:
    row = here.rows[item.course]
    named = access.may_see_name_of(here.account, row)
    linked = access.may_see_course(here.account, row)
    return Line(
        row.person.name if named else row.key,
        row.key if linked else "",
        when(item.at, zone),
        _what(item, here),
        item.counts,
        str(kind.counted if item.counts else kind.others),
        f"{item.value:g}" if item.value is not None else "",
    )


def _what(item: Item, here: House) -> str:
    """The step's own title with its number, or the code in words."""
    step, colon, number = item.what.rpartition(":")
    protocol = _protocols(here.seen).get(item.course)
    if colon and protocol is not None and protocol.has(step):
        return f"{protocol.step(step).title} {number}"
    return {"told": _("scored"), "not_told": _("no score there")}.get(item.what, item.what.replace("_", " "))


def _protocols(seen: Iterable[Seen]) -> dict[str, Protocol]:
    return {one.course.key: one.protocol for one in seen}
