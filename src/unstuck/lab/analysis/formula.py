"""Formulas such as "chg ~ base*visit + arm*visit": names, `+`, `*`, `:`, brackets, and 0 for no intercept.

A few lines of our own: nothing else of R's language is needed, and what is not understood is refused with its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from unstuck.core.errors import Complaint

Term = tuple[str, ...]
TOKEN = re.compile(r"\s*(?:`([^`]+)`|([A-Za-z_.][\w.]*)|([01])(?![\w.])|([-+*:()~])|(\S))")
MEND = "Write for example 'chg ~ base*visit + arm*visit'; a name with blanks stands in `backticks`."


@dataclass(frozen=True, slots=True)
class Formula:
    """What is explained, and by which terms; a term is the names whose product it is, in the order of their writing."""

    text: str
    outcome: str
    terms: tuple[Term, ...]
    intercept: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Every name on the right, once."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term))


@dataclass(slots=True)
class _Reader:
    text: str
    tokens: list[tuple[str, str]]
    place: int = 0

    def peek(self) -> str:
        """The kind of the next token; empty at the end."""
        return self.tokens[self.place][0] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        """The text of the next token, which is passed."""
        self.place += 1
        return self.tokens[self.place - 1][1]

    def refuse(self) -> Complaint:
        """A complaint about where reading stopped."""
        rest = self.tokens[self.place][1] if self.place < len(self.tokens) else "the end"
        return Complaint(f"The formula is not understood at {rest!r}.", f"formula {self.text!r}", MEND)


def parse(text: str) -> Formula:
    """The formula of a text. Raises Complaint for anything that is none."""
    reader = _Reader(text, _tokens(text))
    if reader.peek() != "name":
        raise reader.refuse()
    outcome = reader.take()
    if reader.peek() != "~":
        raise reader.refuse()
    reader.take()
    terms, intercept = _sum(reader)
    if reader.peek() or not (terms or intercept):
        raise reader.refuse()
    kept = [term for term in dict.fromkeys(terms) if term]
    if outcome in {name for term in kept for name in term}:
        raise Complaint(f"{outcome!r} stands on both sides.", f"formula {text!r}", "Leave it out on the right.")
    return Formula(text, outcome, tuple(sorted(kept, key=len)), intercept)


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    for quoted, name, digit, mark, other in TOKEN.findall(text):
        kind = "name" if quoted or name else "digit" if digit else mark or "?"
        found.append((kind, quoted or name or digit or mark or other))
    return found


def _sum(reader: _Reader) -> tuple[list[Term], bool]:
    """Terms joined by + and -; only the intercept can be taken away."""
    terms, intercept, sign = [], True, "+"
    while True:
        if reader.peek() == "digit":
            intercept = (reader.take() == "1") == (sign == "+")
        elif sign == "-":
            raise reader.refuse()
        else:
            terms += _crossed(reader)
        if reader.peek() not in {"+", "-"}:
            return terms, intercept
        sign = reader.take()


def _crossed(reader: _Reader) -> list[Term]:
    """a*b is a + b + a:b."""
    left = _product(reader)
    while reader.peek() == "*":
        reader.take()
        right = _product(reader)
        left = left + right + _pairs(left, right)
    return left


def _product(reader: _Reader) -> list[Term]:
    left = _atom(reader)
    while reader.peek() == ":":
        reader.take()
        left = _pairs(left, _atom(reader))
    return left


def _pairs(left: list[Term], right: list[Term]) -> list[Term]:
    return [tuple(dict.fromkeys(a + b)) for a in left for b in right]


def _atom(reader: _Reader) -> list[Term]:
    if reader.peek() == "(":
        reader.take()
        inner, _ = _sum(reader)
        if reader.peek() != ")":
            raise reader.refuse()
        reader.take()
        return inner
    if reader.peek() != "name":
        raise reader.refuse()
    return [(reader.take(),)]
