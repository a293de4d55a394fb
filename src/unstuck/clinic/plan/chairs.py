"""One card a chair: who sits there, how far they are, what is due next, and until when they stay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from unstuck.clinic.course.pages import Sight
from unstuck.clinic.course.words import STATE_WORDS, span_text
from unstuck.clinic.plan.visits import CHAIRS, Day, Today, Visit
from unstuck.clinic.plan.words import PHASE_WORDS, clock, drug_words, place_words, readings
from unstuck.core.conditions import Seen
from unstuck.core.session import Phase

_SOON = timedelta(minutes=45)  # from this long before the booked time the chair is theirs


@dataclass(frozen=True, slots=True)
class Vital:
    """A reading with its unit and its time."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class ChairCard:
    """A chair, or whoever is here without one."""

    kind: str
    number: str
    key: str = ""
    who: str = ""
    drug: str = ""
    edge: str = ""  # now, late, unk
    level: str = ""
    word: str = ""
    due: str = ""
    figure: str = ""
    small: str = ""
    phase: str = ""
    since: str = ""
    pips: tuple[str, ...] = ()
    vitals: tuple[Vital, ...] = ()
    stay: str = ""
    next: str = ""

    @property
    def address(self) -> str:
        """The course of whoever sits there."""
        return reverse("course:course", args=[self.key]) if self.key else ""

    @property
    def order(self) -> int:
        """The most urgent first; among equals the chairs keep their order."""
        return ["now", "late", "unk", ""].index(self.edge) if self.key else 9


def chairs(courses: list[Today], sight: Sight, day: Day) -> tuple[ChairCard, ...]:
    """The three chairs, then any other place that has somebody in it."""
    visits = [visit for today in courses for visit in today.visits]
    here = {visit.place for visit in visits if visit.running} - set(CHAIRS) - {""}
    cards = [_chair(place, [v for v in visits if v.place == place], sight, day) for place in (*CHAIRS, *sorted(here))]
    cards += [_taken(v, sight, day) for v in visits if v.running and not v.place]
    return tuple(sorted(cards, key=lambda card: card.order))


def sits(visit: Visit, day: Day) -> bool:
    """Whether the place is this visit's now: somebody is there, or expected soon or since."""
    return visit.running or (visit.phase is Phase.EXPECTED and visit.at <= day.at + _SOON)


def _chair(place: str, visits: list[Visit], sight: Sight, day: Day) -> ChairCard:
    now = [v for v in visits if sits(v, day)]
    coming = sorted((v for v in visits if v.phase is Phase.EXPECTED and not sits(v, day)), key=lambda v: v.at)
    said = ""
    if coming:
        said = _("%(when)s, %(who)s") % {"when": clock(coming[0].at, day.zone), "who": _name(coming[0], sight)}
    if not now:
        return replace(_place(place), next=said)
    return replace(_taken(max(now, key=lambda v: (v.running, v.at)), sight, day), next=said)


def _place(place: str) -> ChairCard:
    kind, _sep, number = place_words(place).partition(" ")
    return ChairCard(kind or _("Place"), number or "-")


def _name(visit: Visit, sight: Sight) -> str:
    row = visit.loaded.row
    return row.person.name if sight.names else row.key


def _taken(visit: Visit, sight: Sight, day: Day) -> ChairCard:
    base = replace(_place(visit.place), key=visit.loaded.row.key, who=_name(visit, sight), drug=visit.title)
    if not sight.arm:
        expected = visit.phase is Phase.EXPECTED
        word = _("Expected") if expected else _("Here")
        level = "planned" if expected else "ok"
        return replace(base, level=level, word=word, due=_("Booked"), figure=clock(visit.at, day.zone))
    edge, level, word, due, figure, small = _status(visit, day)
    here = list(Phase).index(visit.phase)
    return replace(
        base,
        drug=drug_words(visit) or visit.title,
        edge=edge,
        level=level,
        word=word,
        due=due,
        figure=figure,
        small=small,
        phase=str(PHASE_WORDS[visit.phase]),
        since=_since(visit, day),
        pips=(*("past",) * here, "here", *("",) * (len(Phase) - 1 - here)),
        vitals=_vitals(visit, day),
        stay=clock(visit.session.stay_until, day.zone) if visit.session.stay_until else "",
    )


def _since(visit: Visit, day: Day) -> str:
    dose = visit.session.dose
    if dose is None:
        return _("booked for %(when)s") % {"when": clock(visit.at, day.zone)}
    figure, unit = span_text(dose.observed_at, day.at)
    return _("%(span)s from start, %(when)s") % {"span": f"{figure} {unit}", "when": clock(dose.observed_at, day.zone)}


def _status(visit: Visit, day: Day) -> tuple[str, str, str, str, str, str]:
    """Edge, level, word, what is due, its figure and what the figure counts."""
    alerts = sorted(visit.session.alerts, key=lambda a: not a.urgent)
    if alerts:
        act = alerts[0].urgent
        edge, word = ("now", _("Act now")) if act else ("late", _("Look"))
        return edge, edge, word, alerts[0].action, "", ""
    waiting = sorted(visit.session.due, key=lambda r: r.by)
    if waiting:
        first = waiting[0]
        late = first.late(day.at)
        span = " ".join(span_text(*sorted((first.by, day.at))))
        edge, level, word = ("late", "late", _("Late")) if late else ("", "open", _("Due"))
        return edge, level, word, readings(first.readings), span, _("late") if late else _("to go")
    if visit.phase is Phase.AFTER:
        return _leaving(visit, day)
    return _beginning(visit, day)


def _leaving(visit: Visit, day: Day) -> tuple[str, str, str, str, str, str]:
    stay, said = visit.session.stay_until, visit.session.leaving
    figure = clock(stay, day.zone) if stay else ""
    if said and said.opens:
        return "", "ok", _("May leave"), _("Record leaving"), figure, _("stay was until") if stay else ""
    unmet = said.unmet[0].sentence if said and said.unmet else _("Stays under watch")
    return "", "held", _("Stays"), unmet, figure, _("stay until") if stay else ""


def _beginning(visit: Visit, day: Day) -> tuple[str, str, str, str, str, str]:
    figure, row = clock(visit.at, day.zone), visit.due
    if row is None or row.verdict is None:
        return "", "planned", _("Booked"), visit.title, figure, _("booked")
    if row.verdict.opens:
        return "", "open", _("Ready"), _("%(step)s may start") % {"step": visit.title}, figure, _("booked")
    missing = len(row.verdict.unmet)
    due = _("One thing is missing") if missing == 1 else _("%(n)s things are missing") % {"n": missing}
    return "", row.state.value, str(STATE_WORDS[row.state]), due, figure, _("booked")


def _vitals(visit: Visit, day: Day) -> tuple[Vital, ...]:
    """Blood pressure, pulse and oxygen as they were read last; what nobody read says so."""
    last = dict(visit.session.latest)
    found = [_vital(_("BP"), (last.get("systolic_mmhg"), last.get("diastolic_mmhg")), "mmHg", day)]
    found.append(_vital(_("Pulse"), (last.get("pulse_per_min"),), "/min", day))
    found.append(_vital("SpO₂", (last.get("spo2_percent"),), "%", day))
    return tuple(found)


def _vital(name: str, seen: tuple[Seen | None, ...], unit: str, day: Day) -> Vital:
    known = [one for one in seen if one]
    if not known:
        return Vital(name, "?", _("not read yet"))
    value = "/".join(f"{one.value:g}" if one else "?" for one in seen)
    return Vital(name, value, f"{unit} {clock(min(one.at for one in known), day.zone)}")
