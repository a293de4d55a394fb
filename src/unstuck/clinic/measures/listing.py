"""The list behind a number: as many lines as the number says, page by page, all of them or one kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from unstuck.clinic.course.words import when
from unstuck.clinic.measures.house import KINDS, House, Kind, endpoints, may_list, may_value
from unstuck.clinic.measures.pages import told
from unstuck.clinic.people import access
from unstuck.core.measures import NOT_TOLD, Item, responders
from unstuck.core.protocol import Protocol

A_PAGE = 50
COUNTED, OTHERS, UNKNOWN = "counted", "others", "unknown"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines: of one kind, or all for an empty word; and which page of them."""

    only: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list."""

    name: str
    course: str
    at: str
    what: str
    word: str
    value: str


@dataclass(frozen=True, slots=True)
class Tab:
    """One kind of line, how many there are, and whether it is shown."""

    words: str
    lines: int
    only: str
    here: bool


@dataclass(frozen=True, slots=True)
class Behind:
    """The list behind one number. `unlisted` are counted, and not told to this reader."""

    title: str
    what: str
    figure: str
    interval: str
    tabs: tuple[Tab, ...]
    lines: tuple[Line, ...]
    total: int
    unlisted: int
    only: str
    number: int
    pages: int

    @property
    def before(self) -> int:
        """The page before this one; 0 where there is none."""
        return self.number - 1

    @property
    def after(self) -> int:
        """The page after this one; 0 where there is none."""
        return self.number + 1 if self.number < self.pages else 0


def behind(here: House, what: str, asked: Asked, zone: tzinfo) -> Behind | None:
    """The list behind the number of that name; None for a name that is none, or not this reader's."""
    kind = _kind(here, what)
    if kind is None or (kind.of_safety and not here.safe):
        return None
    found = kind.measure(here)
    only = asked.only if asked.only in (COUNTED, OTHERS, UNKNOWN) else ""
    items = sorted((i for i in found.items if only in ("", _sort(i))), key=lambda i: (not i.counts, -i.at.timestamp()))
    listed = [item for item in items if may_list(here, kind, item)]
    shown = Paginator(listed, A_PAGE).get_page(asked.page)
    protocols = {one.course.key: one.protocol for one in here.seen}
    lines = tuple(_line(here, kind, item, protocols[item.course], zone) for item in shown.object_list)
    return Behind(
        str(kind.title), what, *told(found), tuple(_tabs(kind, found.items, only)), lines,
        len(items), len(items) - len(listed), only, shown.number, shown.paginator.num_pages,
    )  # fmt: skip


def _sort(item: Item) -> str:
    return COUNTED if item.counts else UNKNOWN if item.what == NOT_TOLD else OTHERS


def _tabs(kind: Kind, items: Sequence[Item], only: str) -> Iterator[Tab]:
    """All lines, and each kind that has some; nothing to choose where all are of one kind."""
    words = {COUNTED: kind.counted, OTHERS: kind.others, UNKNOWN: _("not known")}
    counts = {key: sum(1 for item in items if _sort(item) == key) for key in words}
    if sum(map(bool, counts.values())) > 1 or only:
        yield Tab(_("all"), len(items), "", not only)
        yield from (Tab(str(words[key]), n, key, only == key) for key, n in counts.items() if n or only == key)


def _kind(here: House, key: str) -> Kind | None:
    if key in KINDS:
        return KINDS[key]
    found = next((one for one in endpoints(here) if one[0] == key), None)
    if found is None:
        return None
    _key, protocol, endpoint, courses = found
    title, now = f"{protocol}: {endpoint.title}", here.period.end
    return Kind(title, _("met"), _("not met"), lambda _house: responders(endpoint, courses, now), of_outcome=True)


def _line(here: House, kind: Kind, item: Item, protocol: Protocol, zone: tzinfo) -> Line:
    row = here.rows[item.course]
    named = access.may_see_name_of(here.account, row)
    words = {COUNTED: kind.counted, OTHERS: kind.others, UNKNOWN: _("not known")}
    return Line(
        (row.person.name if named else "") or row.key,  # an erased person has no name
        row.key if access.may_see_course(here.account, row) else "",
        when(item.at, zone),
        _what(item, protocol),
        str(words[_sort(item)]),
        f"{item.value:g}" if item.value is not None and may_value(here, kind, item) else "",
    )


def _what(item: Item, protocol: Protocol) -> str:
    """The step's own title with its number, or the code in words."""
    step, colon, number = item.what.rpartition(":")
    if colon and protocol.has(step):
        return f"{protocol.step(step).title} {number}"
    known = {"told": _("scored"), NOT_TOLD: _("no score there"), "enrolled": protocol.title}
    return known.get(item.what, item.what.replace("_", " "))
