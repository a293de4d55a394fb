"""Reading one TOML table at a time: every key is taken by name and kind, every fault noted with its line and mend."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, TypeVar

from unstuck.core.errors import Complaint
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.time import Span, Unit, Window
from unstuck.core.toml_lines import Lines, Path

Choice = TypeVar("Choice", bound=StrEnum)
Built = TypeVar("Built")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NO_SPAN = Span(0, Unit.MINUTES)
NO_WINDOW = Window(_NO_SPAN, _NO_SPAN, _NO_SPAN)


class Complaints(Complaint):
    """Several complaints at once; `all` holds them in the order of their lines."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.all: tuple[Complaint, ...] = tuple(complaints)
        super().__init__("\n".join(str(c) for c in self.all))


class Notes:
    """The complaints about one text, gathered while it is read."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where, self.lines = text, where, Lines(text)
        self.found: list[tuple[int, Complaint]] = []

    def say(self, path: Path, key: str | None, what: str, mend: str | None = None) -> None:
        """Note a complaint at the line of that key."""
        self.add(self.lines.of(path, key), what, mend)

    def add(self, line: int | None, what: str, mend: str | None = None) -> None:
        """Note a complaint at that line, or about the whole file."""
        self.found.append((line or 0, Complaint(what, f"{self.where}:{line}" if line else self.where, mend)))

    def in_order(self) -> tuple[Complaint, ...]:
        """All complaints by line; the same words on the same line once."""
        ordered = [c for _, c in sorted(self.found, key=lambda pair: pair[0])]
        return tuple({str(c): c for c in ordered}.values())

    def refuse(self) -> None:
        """Raise Complaints where anything was noted."""
        if self.found:
            raise Complaints(self.in_order())


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The TOML text as plain values. Raises Complaints with the line of the first error."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        at = re.search(r"at line (\d+)", str(wrong))
        line = at[1] if at else max(1, len(text.splitlines()))
        reason = re.sub(r"\s*\(at [^)]*\)", "", str(wrong))
        raise Complaints([Complaint(f"This is not TOML: {reason}.", f"{where}:{line}", "See toml.io.")]) from None


def near(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt word: the nearest known one, else the list of them."""
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known: {', '.join(choices)}." if choices else "None is known here."


def read_toml(text: str, where: str) -> Table:
    """The outermost table of the text. Raises Complaints with the line of the first error in the TOML."""
    return Table(parse_toml(text, where), (), Notes(text, where))


class Table:
    """One TOML table. Each reader takes a key; `finish` complains about the keys that nobody took."""

    def __init__(self, raw: dict[str, Any], path: Path, notes: Notes) -> None:
        self.raw, self.path, self.notes = raw, path, notes
        self._taken: set[str] = set()

    def say(self, key: str | None, what: str, mend: str | None = None) -> None:
        """Note a complaint at this table's key."""
        self.notes.say(self.path, key, what, mend)

    def has(self, key: str) -> bool:
        """Whether the key is written."""
        return key in self.raw

    def value(self, key: str, required: bool = False) -> Any:
        """The plain value, or None; a complaint where it is required and absent."""
        self._taken.add(key)
        if required and key not in self.raw:
            self.say(None, f"{self._name()} lacks {key!r}.", f"Add a line `{key} = ...`.")
        return self.raw.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; required where there is no default."""
        found = self.value(key, required=default is None)
        if found is not None and not isinstance(found, str):
            self.say(key, f"{key!r} must be a text, not {found!r}.", "Put it in quotation marks.")
        if found == "" and default is None:
            self.say(key, f"{key!r} is empty.", "Write what it is.")
        return found if isinstance(found, str) else default or ""

    def key(self, key: str = "key") -> str:
        """A required name by which other lines refer to this table."""
        found = self.text(key)
        if found and not _NAME.fullmatch(found):
            self.say(key, f"{found!r} is no name.", "Use small letters, digits and _, beginning with a letter.")
        return found

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts; required, with at least one in it, where there is no default."""
        found = self.value(key, required=default is None)
        if found is None:
            return default or ()
        if not isinstance(found, list) or not all(isinstance(v, str) for v in found):
            self.say(key, f"{key!r} must be a list of texts.", 'Write ["one", "two"].')
            return ()
        if not found and default is None:
            self.say(key, f"{key!r} is empty.", "Name at least one.")
        return tuple(found)

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number; required where there is no default. 0 after a complaint."""
        found = self._number(key, required=default is None)
        return found if found is not None else default or 0.0

    def maybe(self, key: str) -> float | None:
        """A finite number, or None where it is absent."""
        return self._number(key, required=False)

    def real(self, key: str) -> float | None:
        """As `maybe`, a float also where 46 is written: what goes into events must not tell it from 46.0."""
        found = self.maybe(key)
        return None if found is None else float(found)

    def _number(self, key: str, required: bool) -> float | None:
        found = self.value(key, required)
        if found is None or is_number(found):
            return None if found is None else found or 0  # as written, since hashes tell 5 from 5.0; nought is one
        self.say(key, f"{key!r} must be a number, not {found!r}.", "Write a plain number, or leave the line out.")
        return None

    def whole(self, key: str, default: int | None = None, least: int | None = None) -> int:
        """A whole number from `least` on; required where there is no default. The least after a complaint."""
        found = self._whole(key, default is None, least)
        fallback = default if default is not None else least or 0
        return fallback if found is None else found

    def maybe_whole(self, key: str, least: int | None = None) -> int | None:
        """A whole number, or None where it is absent."""
        return self._whole(key, False, least)

    def _whole(self, key: str, required: bool, least: int | None) -> int | None:
        found = self.value(key, required)
        if found is None:
            return None
        if type(found) is int and (least is None or found >= least):
            return found
        bound = "" if least is None else f" of at least {least}"
        self.say(key, f"{key!r} must be a whole number{bound}, not {found!r}.", "Write for example 6.")
        return None

    def wholes(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers from 0 on; empty where it is absent."""
        found = self.value(key)
        if found is None:
            return ()
        if isinstance(found, list) and all(type(n) is int and n >= 0 for n in found):
            return tuple(found)
        self.say(key, f"{key!r} must be a list of whole numbers, not {found!r}.", "Write [0, 20, 40].")
        return ()

    def flag(self, key: str, default: bool = False) -> bool:
        """true or false."""
        found = self.value(key)
        if found is not None and not isinstance(found, bool):
            self.say(key, f"{key!r} must be true or false, not {found!r}.", "Write true or false without quotes.")
        return found if isinstance(found, bool) else default

    def choice(self, key: str, kinds: type[Choice], default: Choice | None = None) -> Choice:
        """One of an enum's values; required where there is no default."""
        word = self.text(key, default.value if default is not None else None)
        if word in {k.value for k in kinds}:
            return kinds(word)
        if self.has(key):
            self.say(key, f"{word!r} is no {key}.", near(word, [k.value for k in kinds]))
        return default if default is not None else next(iter(kinds))

    def span(self, key: str) -> Span:
        """A required span such as "7 d"."""
        return self._span(key, self.text(key))

    def window(self, key: str) -> Window:
        """A required window, written as [min, target, max]."""
        found = self.value(key, required=True)
        if found is None:
            return NO_WINDOW
        if not isinstance(found, list) or len(found) != 3:
            self.say(key, f"{key!r} must hold three spans.", 'Write ["24 h", "48 h", "72 h"].')
            return NO_WINDOW
        before = len(self.notes.found)
        spans = [self._span(key, part) for part in found]
        return self._window(key, spans) if len(self.notes.found) == before else NO_WINDOW

    def _span(self, key: str, text: object) -> Span:
        try:
            return Span.parse(str(text))
        except Complaint as wrong:
            if text != "":
                self.say(key, wrong.what, wrong.mend)
            return _NO_SPAN

    def _window(self, key: str, spans: list[Span]) -> Window:
        try:
            return Window(*spans)
        except Complaint as wrong:
            self.say(key, wrong.what, wrong.mend)
            return NO_WINDOW

    def table(self, key: str, required: bool = False) -> Table | None:
        """The table under that key, or None."""
        found = self.value(key, required)
        if found is None:
            return None
        if not isinstance(found, dict):
            self.say(key, f"{key!r} must be a table.", f"Write [{key}] and its lines below.")
            return None
        return Table(found, (*self.path, key), self.notes)

    def tables(self, key: str) -> list[Table]:
        """The list of tables [[key]]; empty where there is none."""
        found = self.value(key)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(v, dict) for v in found):
            self.say(key, f"{key!r} must be a list of tables.", f"Write [[{key}]] for each.")
            return []
        return [Table(raw, (*self.path, key, i), self.notes) for i, raw in enumerate(found)]

    def sourced(self, key: str, unit: str = "points") -> Sourced | None:
        """A figure with its source and grade, or None after a complaint. Required."""
        inner = self.table(key, required=True)
        found = inner.figure(unit) if inner else None
        if inner:
            inner.finish()
        return found

    def figure(self, unit: str = "points") -> Sourced | None:
        """The figure whose fields stand in this very table, or None after a complaint."""
        before = len(self.notes.found)
        fields = dict(
            value=self.number("value"), unit=self.text("unit", unit), source=self.text("source"),
            note=self.text("note", ""), grade=self.choice("grade", Grade), low=self.maybe("low"),
            high=self.maybe("high"),
        )  # fmt: skip
        whole = len(self.notes.found) == before
        return self.build(lambda: Sourced(**fields)) if whole else None  # type: ignore[arg-type]

    def build(self, make: Callable[[], Built]) -> Built | None:
        """What `make` returns, or None after noting why it could not be."""
        try:
            return make()
        except ValueError as error:
            known = error if isinstance(error, Complaint) else Complaint(str(error))
            self.say(None, known.what, known.mend)
            return None

    def skip(self, *keys: str) -> None:
        """Fields that somebody else reads count as known."""
        self._taken.update(keys)

    def finish(self) -> None:
        """Complain about every key that nobody took."""
        for key in self.raw:
            if key not in self._taken:
                free = self._taken - set(self.raw) or self._taken
                self.say(key, f"{self._name()} has no key {key!r}.", near(key, free))

    def _name(self) -> str:
        if not self.path:
            return "The file"
        last = [part for part in self.path if isinstance(part, str)][-1]
        key = self.raw.get("key")
        return f"The {last} {key!r}" if isinstance(key, str) else f"This {last}"


def is_number(found: object) -> bool:
    """Whether a plain value is a finite number (true and false are not)."""
    return isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)
