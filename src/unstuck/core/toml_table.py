"""Reading a TOML table field by field, so that one pass finds every fault and says in which line it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from unstuck.core.errors import Complaint
from unstuck.core.sourced import Grade, Sourced

Choice = TypeVar("Choice", bound=StrEnum)
Built = TypeVar("Built")


@dataclass
class Notes:
    """The text of one file and the complaints about it so far."""

    name: str
    text: str
    complaints: list[Complaint] = field(default_factory=list)

    def complain(self, what: str, line: int | None = None, mend: str | None = None) -> None:
        """One more complaint, at this line of the file."""
        self.complaints.append(Complaint(what, f"{self.name}:{line}" if line else self.name, mend))

    def line_of(self, header: str, place: int = 0) -> int | None:
        """Line of the `place`-th table under this header, or of the `place`-th `{ key = ` row of an array."""
        pattern = rf"^\s*\[+\s*{re.escape(header)}\s*\]+" if header != "item" else r"^\s*\{\s*key\s*="
        hits = [n for n, line in enumerate(self.text.splitlines(), 1) if re.match(pattern, line)]
        return hits[place] if place < len(hits) else None

    def line_of_field(self, key: str) -> int | None:
        """Line of a field that stands on a line of its own."""
        lines = (n for n, line in enumerate(self.text.splitlines(), 1) if re.match(rf"{re.escape(key)}\s*=", line))
        return next(lines, None)


@dataclass
class Table:
    """One table of the file, which notes every field that is missing, mistyped or unknown."""

    data: dict[str, Any]
    notes: Notes
    line: int | None = None
    name: str = "the file"
    read: set[str] = field(default_factory=set)

    def complain(self, what: str, mend: str | None = None, key: str | None = None) -> None:
        """A complaint about this table, or about one field of it."""
        line = self.line or (self.notes.line_of_field(key) if key else None)
        self.notes.complain(f"{self.name}: {what}", line, mend)

    def _take(self, key: str, kind: type | tuple[type, ...], default: Any, wanted: str) -> Any:
        self.read.add(key)
        value = self.data.get(key, default)
        if value is None:
            self.complain(f"{key} is missing.", f"Add {key} = ... ({wanted}).")
        elif not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.complain(f"{key} = {value!r} is not {wanted}.", key=key)
        else:
            return value
        return None

    def text(self, key: str, default: str | None = None) -> str:
        """A text, or "" after a complaint."""
        return self._take(key, str, default, "a text") or ""

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number, or 0 after a complaint."""
        return self._take(key, int, default, "a whole number") or 0

    def number(self, key: str) -> float:
        """A number, or 0 after a complaint."""
        return self._take(key, (int, float), None, "a number") or 0

    def maybe(self, key: str) -> float | None:
        """A number where there is one."""
        return self.number(key) if key in self.data else None

    def yes(self, key: str, default: bool) -> bool:
        """True or false."""
        return bool(self._take(key, bool, default, "true or false"))

    def texts(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        """A list of texts."""
        found = self._take(key, list, default, "a list of texts") or []
        if not all(isinstance(t, str) for t in found):
            self.complain(f"{key} holds something else than texts.")
        return tuple(t for t in found if isinstance(t, str))

    def one_of(self, key: str, words: type[Choice], default: Choice | None = None) -> Choice | None:
        """One of the words that the enum knows, or None after a complaint."""
        word = self.text(key, default)
        if word in [w.value for w in words]:
            return words(word)
        if word:
            self.complain(f"{key} = {word!r} is unknown.", f"Write one of: {', '.join(words)}.", key)
        return None

    def table(self, key: str) -> Table | None:
        """A table below this one."""
        found = self._take(key, dict, None, "a table")
        line = self.notes.line_of(key) or self.line
        return None if found is None else Table(found, self.notes, line, f"{self.name}, {key}")

    def tables(self, key: str) -> list[Table]:
        """A list of tables below this one; empty where the key is not there."""
        found = self._take(key, list, [], "a list of tables") or []
        good = [(n, t) for n, t in enumerate(found) if isinstance(t, dict)]
        if len(good) < len(found):
            self.complain(f"{key} holds something else than tables.")
        return [Table(t, self.notes, self.notes.line_of(key, n) or self.line, _named(key, n, t)) for n, t in good]

    def sourced(self, key: str, unit: str = "points") -> Sourced | None:
        """A figure with its source and grade, or None after a complaint."""
        inner = self.table(key)
        found = inner.figure(unit) if inner else None
        if inner:
            inner.finish()
        return found

    def figure(self, unit: str = "points") -> Sourced | None:
        """The figure whose fields stand in this very table, or None after a complaint."""
        grade = self.one_of("grade", Grade)
        fields = dict(
            value=self.number("value"), unit=self.text("unit", unit), source=self.text("source"), grade=grade,
            low=self.maybe("low"), high=self.maybe("high"), note=self.text("note", ""),
        )  # fmt: skip
        return self.build(lambda: Sourced(**fields)) if grade else None  # type: ignore[arg-type]

    def build(self, make: Callable[[], Built]) -> Built | None:
        """What `make` returns, or None after noting why it could not be."""
        try:
            return make()
        except ValueError as error:
            self.complain(error.what if isinstance(error, Complaint) else str(error))
            return None

    def skip(self, *keys: str) -> None:
        """Fields that somebody else reads count as known."""
        self.read.update(keys)

    def finish(self) -> None:
        """Complain of every field that nobody read."""
        for key in sorted(set(self.data) - self.read):
            self.complain(f"Unknown field {key}.", f"Known here: {', '.join(sorted(self.read))}.", key)


def _named(key: str, place: int, data: dict[str, Any]) -> str:
    return f"{key} {data.get('key', place + 1)}"
