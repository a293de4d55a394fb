"""What to do before a dose visit: the lines of the library whose facts the gates of the person's protocol ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import get_language

from unstuck.core.before_file import Line, Timed, load_before, parse_before
from unstuck.core.conditions import facts_of
from unstuck.core.protocol import Protocol, Route

OWN_FILE = "before.toml"


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to do, in words."""

    key: str
    words: tuple[str, ...]


def lines() -> tuple[Line, ...]:
    """The site's own lines where its data folder has a file of them, else the library's. Raises Complaints."""
    own = settings.UNSTUCK_HOME / OWN_FILE
    return parse_before(own.read_text(encoding="utf-8"), OWN_FILE) if own.is_file() else load_before()


def to_do(protocol: Protocol, visit: datetime | None, zone: tzinfo) -> tuple[ToDo, ...]:
    """What this protocol asks of the person before a dose; with hours where a visit is booked and a figure is known."""
    asked = {fact for gate in protocol.gates for fact in facts_of(gate.rule)}
    routes = {regimen.route for regimen in protocol.regimens}
    route = next(iter(routes)) if len(routes) == 1 else None
    return tuple(ToDo(line.key, _words(line, route, visit, zone)) for line in lines() if line.fact in asked)


def _words(line: Line, route: Route | None, visit: datetime | None, zone: tzinfo) -> tuple[str, ...]:
    language = (get_language() or "en").split("-")[0]
    timed = [t for t in line.timed if t.route is route] if visit else []
    if timed and visit:
        return tuple(_at(t, language, visit, zone) for t in timed)
    return (line.words.get(language, line.words["en"]),)


def _at(timed: Timed, language: str, visit: datetime, zone: tzinfo) -> str:
    until = (visit - timedelta(hours=timed.hours)).astimezone(zone)
    return timed.words.get(language, timed.words["en"]).replace("{time}", date_format(until, "H:i"))
