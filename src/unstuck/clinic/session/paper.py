"""The paper twin: the rest of a session on one sheet, for when every screen is dark. Nothing is filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from unstuck.clinic.session import words
from unstuck.clinic.session.pages import SessionPage
from unstuck.clinic.session.queries import Live
from unstuck.core.protocol import AlertRule, MonitoringPlan, ReadingPlan
from unstuck.core.sentences import sentence
from unstuck.core.verdict import discharge_verdict

MOST_LINES = (
    24  # so many fit an A4 sheet beside the rest; a longer stay goes on by the same interval, as the sheet says
)


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One moment at which something is to be read, and what."""

    at: str
    what: str


@dataclass(frozen=True, slots=True)
class Paper:
    """Exactly what the sheet shows."""

    page: SessionPage
    printed: str
    lines: tuple[PaperLine, ...]
    more: bool
    limits: tuple[str, ...]
    leaving: tuple[str, ...]
    stay: str
    columns: tuple[str, ...]


COLUMNS = ("systolic_mmhg", "diastolic_mmhg", "pulse_per_min", "spo2_percent", "resp_per_min", "moaas")


def paper(live: Live, page: SessionPage, at: datetime, zone: tzinfo) -> Paper:
    """The sheet for the rest of this session, from `at` on."""
    plan = live.loaded.protocol.monitoring
    moments = sorted(_moments(live, plan, at).items()) if plan else []
    return Paper(
        page=page,
        printed=words.clock_words(at, zone),
        lines=tuple(PaperLine(words.clock_words(m, zone), words.names_of(names)) for m, names in moments[:MOST_LINES]),
        more=len(moments) > MOST_LINES,
        limits=tuple(_limit(alert) for alert in plan.alerts if alert.urgent) if plan else (),
        leaving=tuple(r.sentence for r in discharge_verdict(live.loaded.protocol, live.loaded.state, at).rules),
        stay=words.clock_words(live.session.stay_until, zone) if live.session.stay_until else "",
        columns=tuple(f"{words.READINGS[name][0]} {words.READINGS[name][1]}" for name in COLUMNS),
    )


def _limit(alert: AlertRule) -> str:
    return f"{sentence(alert.rule)} {alert.action}"


def _moments(live: Live, plan: MonitoringPlan, at: datetime) -> dict[datetime, tuple[str, ...]]:
    """What is read when, to the whole minute: what is due now, then by each row's interval until the stay is over."""
    found: dict[datetime, tuple[str, ...]] = {}
    for moment, names in _asked(live, plan, at):
        minute = max(moment, at).replace(second=0, microsecond=0)
        found[minute] = tuple(dict.fromkeys((*found.get(minute, ()), *names)))
    return found


def _asked(live: Live, plan: MonitoringPlan, at: datetime) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    said = live.session
    if said.run is None or said.ends_at is None:
        yield from ((due.by, due.readings) for due in said.due)
        return
    change = said.peak_until or said.ends_at
    until = max(said.stay_until or change, change)
    due = {due.readings: due.by for due in said.due}
    for row in plan.readings:
        if row.phase == "during":
            yield from _row(row, due.get(row.readings), said.run.started_at, max(at, said.run.started_at), change)
        elif row.phase == "after":
            yield from _row(row, due.get(row.readings), change, max(at, change), until)


def _row(
    row: ReadingPlan, due: datetime | None, start: datetime, since: datetime, until: datetime
) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    """The moments of one row within its phase that are still to come, the one that is due now first."""
    if row.at_min:
        points = [start + timedelta(minutes=minutes) for minutes in row.at_min]
        yield from ((point, row.readings) for point in points if point >= since or point == due)
        return
    every = timedelta(minutes=row.every_min) if row.every_min else None
    moment = due if due is not None else start + (every or timedelta())
    while moment <= until:
        if moment >= since or moment == due:
            yield moment, row.readings
        if every is None:
            return
        moment = max(moment, since) + every if moment == due else moment + every
