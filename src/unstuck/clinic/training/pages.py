"""What the training page shows: frozen values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from unstuck.clinic.course.words import kind_words
from unstuck.clinic.people.models import Account, Competence
from unstuck.clinic.training.record import BASES
from unstuck.core.skills_file import Skill


@dataclass(frozen=True, slots=True)
class Exercise:
    """One skill to practise, with what of it is done here."""

    title: str
    parts: tuple[tuple[str, int], ...]

    @property
    def done(self) -> bool:
        """Whether every part was done at least once."""
        return all(times for _words, times in self.parts)


@dataclass(frozen=True, slots=True)
class Held:
    """One line of the record."""

    key: int
    who: str
    skill: str
    since: datetime
    until: datetime
    basis: str
    by: str
    state: str  # done, late, skipped
    demanded: bool


@dataclass(frozen=True, slots=True)
class TrainingPage:
    """Exactly what the page shows."""

    exercises: tuple[Exercise, ...]
    held: tuple[Held, ...]
    lacking: tuple[tuple[str, str], ...]


def exercises(skills: Iterable[Skill], account: Account, times: Counter[str]) -> tuple[Exercise, ...]:
    """The exercises of this account's roles."""
    mine = [skill for skill in skills if {role.value for role in account.roles} & set(skill.roles)]
    return tuple(Exercise(s.title, tuple((kind_words(kind), times[kind]) for kind in s.practise)) for s in mine)


def held(
    rows: Iterable[Competence], skills: Mapping[str, Skill], names: Mapping[str, str], demanded: set[str], at: datetime
) -> tuple[Held, ...]:
    """The record, what holds before what is over."""
    lines = (_line(row, skills, names, demanded, at) for row in rows)
    return tuple(sorted(lines, key=lambda line: (line.state != "done", line.who, line.skill)))


def _line(
    row: Competence, skills: Mapping[str, Skill], names: Mapping[str, str], demanded: set[str], at: datetime
) -> Held:
    state = "skipped" if row.ended_at else "done" if row.until > at else "late"
    title = skills[row.skill].title if row.skill in skills else row.skill.replace("_", " ")
    basis, by = str(BASES.get(row.basis, row.basis)), names.get(row.signed_by, row.signed_by)
    who = row.account.display_name
    return Held(row.pk, who, title, row.since, row.until, basis, by, state, row.skill in demanded)


def lacking(
    accounts: Iterable[Account],
    rows: Iterable[Competence],
    skills: Mapping[str, Skill],
    demanded: set[str],
    at: datetime,
) -> tuple[tuple[str, str], ...]:
    """(who, skill) wherever a demanded skill of somebody's role is not held now."""
    have = {(row.account_id, row.skill) for row in rows if row.ended_at is None and row.until > at}
    return tuple(
        (account.display_name, skills[key].title)
        for account in accounts
        for key in sorted(demanded & set(skills))
        if {role.value for role in account.roles} & set(skills[key].roles) and (account.pk, key) not in have
    )
