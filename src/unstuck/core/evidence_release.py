"""The dated, hashed summary of the evidence: what the lab pooled on a day, in the form that the clinic shows.

A release is one JSON file. Its hash is the SHA-256 of its canonical text without the hash; a file that was altered is
refused. Nothing in it is a person's data.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from unstuck.core.errors import Complaint

FORMAT = 1
Built = TypeVar("Built")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a forest plot; `detail` says scale, time and how the figure is known."""

    label: str
    estimate: float
    low: float
    high: float
    weight_percent: float | None = None
    n: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Silent:
    """A trial that answers the question by its design and gives no figure: why, and what it says in words."""

    label: str
    why: str
    n: int | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """One question with its rows and, where there are several, their mean. `ratio` True: a logarithm inside `lines`."""

    key: str
    question: str
    unit: str
    favours_low: str
    favours_high: str
    ratio: bool
    lines: tuple[Line, ...]
    silent: tuple[Silent, ...]
    method: str
    warning: str
    notes: tuple[str, ...] = ()
    mean: Line | None = None
    new_study_low: float | None = None
    new_study_high: float | None = None
    protocols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArmResult:
    """Responders of one published arm, for a site to stand beside. `by_lot` tells whether the arm had a rival."""

    study: str
    label: str
    arm: str
    measure: str
    what: str
    when: str
    met: int
    of: int
    by_lot: bool
    treated: bool
    known: str
    protocols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """One study in words."""

    key: str
    label: str
    title: str
    year: int | None
    design: str
    population: str
    n: int | None
    by_lot: bool
    read: str
    sources: tuple[tuple[str, str], ...]  # title, address
    arms: tuple[tuple[str, str], ...]  # title, how many started and completed
    found: tuple[str, ...]
    gaps: tuple[str, ...]
    bias: tuple[str, ...]
    same_people_as: str
    protocols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """A claim with what its source says."""

    key: str
    topic: str
    claim: str
    says: str
    verdict: str
    source: str
    address: str
    known: str
    protocols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """Everything that the clinic shows of the evidence, as of a day."""

    made_at: datetime  # aware, to the second
    library: str  # SHA-256 over the files that it was made from
    pools: tuple[Pool, ...]
    arms: tuple[ArmResult, ...]
    papers: tuple[Paper, ...]
    claims: tuple[Heard, ...]

    @property
    def dated(self) -> date:
        """The day on which it was made, in UTC."""
        return self.made_at.astimezone(UTC).date()

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical text."""
        return hashlib.sha256(_canonical(self).encode()).hexdigest()

    @property
    def name(self) -> str:
        """How its file is called."""
        return f"{self.dated.isoformat()}-{self.hash[:8]}.json"


def written(release: Release) -> str:
    """The text of the release's file."""
    return json.dumps({**_plain(release), "hash": release.hash}, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def parse(text: str, name: str = "the release") -> Release:
    """The release that a file holds. Raises Complaint where it is no release or its text was altered."""
    try:
        data = json.loads(text)
        stated = data.pop("hash")
        form = data.pop("format")
        if form != FORMAT:
            raise Complaint(f"It has form {form}, known is {FORMAT}.", name, "Update Unstuck, or make it anew.")
        found = _build(Release, data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, Complaint):
            raise
        raise Complaint(f"This is no release of the evidence: {error}.", name) from None
    if found.hash != stated:
        raise Complaint(
            "Its text was altered after it was made.", name, "Take the file anew: 'unstuck evidence release'."
        )
    return found


def _plain(release: Release) -> dict[str, Any]:
    return {"format": FORMAT, **asdict(release), "made_at": release.made_at.isoformat()}


def _canonical(release: Release) -> str:
    return json.dumps(_plain(release), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _build(kind: type[Built], data: dict[str, Any]) -> Built:
    """A dataclass from the plain values that `asdict` made of it. KeyError or TypeError where they do not fit."""
    hints = get_type_hints(kind)
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    if set(data) != names:
        raise KeyError(f"fields {sorted(set(data) ^ names)} of {kind.__name__}")
    return kind(**{name: _value(hints[name], data[name]) for name in names})


def _value(kind: Any, value: Any) -> Any:
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        many = len(inner) == 2 and inner[1] is Ellipsis
        return tuple(_value(inner[0] if many else inner[i], each) for i, each in enumerate(value))
    if get_origin(kind) in (Union, UnionType):
        return None if value is None else _value(next(k for k in get_args(kind) if k is not type(None)), value)
    if is_dataclass(kind):
        return _build(kind, value)  # type: ignore[arg-type]
    if kind is datetime:
        return _instant(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _instant(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f"{value} has no zone")
    return found
