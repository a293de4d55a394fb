"""What the person who answers sees: one group of questions, and never an earlier answer, a name or a score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.assessment.actions import waiting
from unstuck.clinic.assessment.models import Link
from unstuck.clinic.assessment.wording import wording_of
from unstuck.core.assessment import Answer, shown_items
from unstuck.core.instrument import Instrument, Item, Kind
from unstuck.core.instrument_file import load_instrument
from unstuck.core.wording_file import Wording

LETTERS = {2: 20, 3: 13, 4: 9, 5: 7}  # of one word, side by side on a phone of 390 px
MOST = 20


@dataclass(frozen=True, slots=True)
class Pick:
    """One answer that can be chosen."""

    value: int
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `kind` is choice, multiple or number."""

    name: str
    text: str
    number: int
    of: int
    kind: str
    low: int
    high: int
    picks: tuple[Pick, ...]
    given: float | int | None = None  # what a member of staff has just typed; never set behind a link
    after: str = ""  # for staff: the question whose answer this one hangs on

    @property
    def rows(self) -> bool:
        """Whether a word of the answers is too long to stand beside the others on a phone: then each has a line."""
        longest = max((len(word) for pick in self.picks for word in pick.label.split()), default=0)
        return longest > LETTERS.get(len(self.picks), MOST)


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """One screen of the phone."""

    part: int
    parts: int
    answered: int
    questions_in_all: int
    minutes: int
    heading: str
    preamble: str
    questions: tuple[Question, ...]
    instrument: str
    demo: bool
    last: bool
    reminder: int = 0
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """One group of questions that is asked. `mark` says which: items of two instruments have the same keys."""

    instrument: Instrument
    items: tuple[Item, ...]
    mark: str


def screens(link: Link) -> list[Screen]:
    """Every group of questions behind the link that is still to be asked, given the answers so far."""
    found = []
    for instrument in map(load_instrument, link.instruments):
        shown = {item.key for item in shown_items(instrument, waiting(link, instrument.key))}
        for number, group in enumerate(instrument.screens):
            items = tuple(item for item in group if item.key in shown)
            found.append(Screen(instrument, items, f"{instrument.key}:{number}"))
    return [screen for screen in found if screen.items]


def posted_screen(link: Link, mark: str) -> int | None:
    """Which screen the posted answers belong to, also from a page that was left behind; None where it is none now.

    Without a mark it is the one that is next.
    """
    if not mark:
        return link.page
    return next((n for n, screen in enumerate(screens(link)) if screen.mark == mark), None)


def answer_page(link: Link, reminder: int = 0) -> AnswerPage | None:
    """The screen that is next, or None where every one has been passed."""
    groups = screens(link)
    if link.page >= len(groups):
        return None
    screen = groups[link.page]
    instrument, items = screen.instrument, screen.items
    wording = wording_of(instrument, link.course.simulated)
    everything = [item.key for group in groups for item in group.items]
    first = sum(len(group.items) for group in groups[: link.page])
    return AnswerPage(
        part=link.page + 1,
        parts=len(groups),
        answered=link.waiting.count(),
        questions_in_all=len(everything),
        minutes=max(1, round(sum(i.minutes.value for i in {g.instrument.key: g.instrument for g in groups}.values()))),
        heading=_heading(instrument),
        preamble=wording.preamble,
        questions=tuple(question(item, wording, first + n, len(everything)) for n, item in enumerate(items, 1)),
        instrument=instrument.key,
        demo=wording.demo,
        last=link.page + 1 == len(groups),
        reminder=reminder,
        mark=screen.mark,
    )


def question(item: Item, wording: Wording, number: int, of: int) -> Question:
    """One item with the words of this site."""
    labels = wording.choices.get(item.key, {})
    picks = tuple(Pick(c.value, labels.get(c.value, c.label)) for c in item.choices)
    return Question(
        item.key, wording.texts.get(item.key, item.label), number, of, item.kind.value, item.low, item.high, picks
    )


def _heading(instrument: Instrument) -> str:
    return str(RECALL_WORDS.get(instrument.recall.value, RECALL_WORDS[""]))


RECALL_WORDS: Mapping[str, str | Promise] = {
    "week": _("In the last week, how much did these trouble you?"),
    "month": _("In the last month, how much did these trouble you?"),
    "two_weeks": _("In the last two weeks, how often did these trouble you?"),
    "year": _("In the last year, how has it been?"),
    "lifetime": _("In your life, what of this has been so?"),
    "": _("How is it for you?"),
}


def answers_from(posted: Mapping[str, list[str]], items: tuple[Item, ...]) -> dict[str, Answer]:
    """The answers of one posted screen; what was left open, or is no answer to the item, is left out."""
    found: dict[str, Answer] = {}
    for item in items:
        values = [value for text in posted.get(item.key, []) if (value := _value(text, item)) is not None]
        if values:
            found[item.key] = [int(v) for v in values] if item.kind is Kind.MULTIPLE else values[0]
    return found


def _value(text: str, item: Item) -> float | None:
    """The number that was posted, None where it is none or lies outside the item."""
    try:
        value = float(text)
    except ValueError:
        return None
    whole = item.kind is Kind.NUMBER or value.is_integer()
    return value if item.low <= value <= item.high and whole else None
