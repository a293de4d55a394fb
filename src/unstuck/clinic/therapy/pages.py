"""What the page of a course's therapy shows: frozen values, without any query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.course.words import STATE_WORDS, when
from unstuck.clinic.therapy.listing import Item, items
from unstuck.core.events import Event, StepHeld
from unstuck.core.schedule import Due, State, overview
from unstuck.core.therapy import ItemList, Therapy
from unstuck.core.therapy_course import sessions_of
from unstuck.core.therapy_events import TherapyRecorded


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One recorded session."""

    number: int
    stage: str
    at: str
    minutes: str
    cycle: str
    figures: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, str], ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Coming:
    """A session of the plan that is not recorded, with the structures that it may be kept in."""

    step: str
    occurrence: int
    title: str
    state: str
    level: str
    detail: str
    structures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TherapyCard:
    """One kind of therapy in this course."""

    therapy: Therapy
    sessions: tuple[SessionRow, ...]
    items: tuple[Item, ...]

    @property
    def lists(self) -> Iterator[ListCard]:
        """Each list with its items."""
        for each in self.therapy.lists:
            yield ListCard(each, tuple(i for i in self.items if i.list_key == each.key))


@dataclass(frozen=True, slots=True)
class ListCard:
    """One list of a therapy, with its items in this course."""

    listing: ItemList
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class TherapyPage:
    """Exactly what the page shows."""

    key: str
    name: str
    coming: tuple[Coming, ...]
    cards: tuple[TherapyCard, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Words that belong to entries, by the event's id: of items, and of sessions."""

    items: Mapping[str, str]
    sessions: Mapping[str, str]


_LEVELS = {State.LATE: "late", State.OPEN: "open", State.HELD: "held", State.NOT_KNOWN: "unk", State.DONE: "done"}


def therapy_page(
    loaded: Loaded, name: str, structures: Mapping[str, tuple[Therapy, ...]], words: Words, at: datetime, zone: tzinfo
) -> TherapyPage:
    """The page at one instant. `structures` has what each step of the protocol may be kept in."""
    used = {t.key: t for each in structures.values() for t in each}
    return TherapyPage(
        loaded.row.key,
        name,
        tuple(_coming(loaded, structures, at, zone)),
        tuple(_card(loaded, therapy, words, zone) for therapy in used.values()),
    )


def _coming(
    loaded: Loaded, structures: Mapping[str, tuple[Therapy, ...]], at: datetime, zone: tzinfo
) -> Iterator[Coming]:
    recorded = {(e.what.step, e.what.occurrence) for e in sessions_of(loaded.state)}  # type: ignore[union-attr]
    rows = [r for r in overview(loaded.protocol, loaded.state, at, zone) if structures.get(r.step)]
    left = [r for r in rows if (r.step, r.occurrence) not in recorded and _asked(r)]
    for row in sorted(left, key=lambda r: (not r.asks, r.target is None, r.target or at))[:6]:
        choices = tuple((t.key, t.title) for t in structures[row.step])
        yield Coming(
            row.step,
            row.occurrence,
            f"{row.title} {row.occurrence}",
            str(_("Held, not recorded")) if row.state is State.DONE else str(STATE_WORDS[row.state]),
            "info" if row.state is State.DONE else _LEVELS.get(row.state, "planned"),
            _detail(row, zone),
            choices,
        )


def _asked(row: Due) -> bool:
    return row.state not in (State.SKIPPED, State.CONDITIONAL, State.STOP)


def _detail(row: Due, zone: tzinfo) -> str:
    if row.booked:
        return _("Booked for %(when)s") % {"when": when(row.booked, zone)}
    if row.done_at:
        return when(row.done_at, zone)
    return _("Meant for %(when)s") % {"when": when(row.target, zone)} if row.target else ""


def _card(loaded: Loaded, therapy: Therapy, words: Words, zone: tzinfo) -> TherapyCard:
    lengths = {
        (e.what.step, e.what.occurrence): e.what.minutes for e in loaded.state.log if isinstance(e.what, StepHeld)
    }
    rows = (_session(event, therapy, lengths, words, zone) for event in sessions_of(loaded.state, therapy.key))
    return TherapyCard(therapy, tuple(rows), items(loaded.state, therapy, words.items))


def _session(
    event: Event, therapy: Therapy, lengths: Mapping[tuple[str, int], float | None], words: Words, zone: tzinfo
) -> SessionRow:
    what = event.what
    assert isinstance(what, TherapyRecorded)
    stage, minutes = therapy.stage(what.number), lengths.get((what.step, what.occurrence))
    told = dict(what.figures)
    return SessionRow(
        what.number,
        stage.title if stage else "",
        when(event.observed_at, zone),
        f"{minutes:g}" if minutes else "",
        _("dose %(n)s") % {"n": what.cycle} if what.cycle else _("no dose"),
        tuple((scale.label, f"{told[scale.key]:g}") for scale in therapy.figures if scale.key in told),
        tuple(_chosen(therapy, what.choices)),
        words.sessions.get(event.id, ""),
    )


def _chosen(therapy: Therapy, told: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    picked: dict[str, list[str]] = {}
    for key, option in told:
        picked.setdefault(key, []).append(option)
    for choice in therapy.choices:
        words = [option.label for option in choice.options if option.key in picked.get(choice.key, ())]
        if words:
            yield choice.label, ", ".join(words)
