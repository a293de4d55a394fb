"""Random keys that spell the short words a test looks for, so that it cannot fail by one chance in thousands.

Pages hold keys made at random; a test that says of such a page "Ada is not in it" would fail on the day a key spells
Ada. Here every key spells the short words of the running test, and such a test fails at once, on the day it is written.
"""

from __future__ import annotations

import ast
import random
import re
import secrets
import uuid
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from django.middleware import csrf

RANDOM = 12  # of each key's signs stay random, so that no two keys are the same
SHORT, HEX = re.compile(r"[A-Za-z0-9]{2,6}"), re.compile(r"[0-9a-f]+")
WHOLE = 64  # signs and more: a key that ciphers, no name


@lru_cache
def words_of(path: Path) -> dict[str, tuple[str, ...]]:
    """The short words that each function of a module spells out."""
    functions = [one for one in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(one, ast.FunctionDef)]
    return {one.name: tuple(sorted(set(_words(one)))) for one in functions}


def _words(function: ast.FunctionDef) -> Iterator[str]:
    for one in ast.walk(function):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield from (word for word in one.value.split("|") if SHORT.fullmatch(word))  # patterns name several


class Speller:
    """Lays words over the middle of a key, in an order of its own for each test."""

    def __init__(self, test: str, words: tuple[str, ...]) -> None:
        self._words, self._order = words, random.Random(test)

    def over(self, key: str) -> str:
        return self._laid(key, list(self._words))

    def over_hex(self, key: str) -> str:
        return self._laid(key, [word.lower() for word in self._words if HEX.fullmatch(word.lower())])

    def _laid(self, key: str, words: list[str]) -> str:
        if len(key) >= WHOLE:
            return key
        self._order.shuffle(words)
        told = ""
        for word in words:
            told += word if len(told) + len(word) <= len(key) - RANDOM else ""
        start = RANDOM // 2
        return key[:start] + told + key[start + len(told) :]


@pytest.fixture(autouse=True)
def spelling_keys(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key that the clinic makes in a test spells the words of that test."""
    of_test = words_of(request.path).get(request.node.originalname, ())
    given = getattr(request.node, "callspec", None)
    named = tuple(str(one) for one in given.params.values() if SHORT.fullmatch(str(one))) if given else ()
    speller = Speller(request.node.nodeid, of_test + named)
    _lay(monkeypatch, secrets, "token_urlsafe", speller.over)
    _lay(monkeypatch, secrets, "token_hex", speller.over_hex)
    _lay(monkeypatch, csrf, "get_random_string", speller.over)
    made = uuid.uuid4
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(speller.over_hex(made().hex)))


def _lay(monkeypatch: pytest.MonkeyPatch, module: object, name: str, over: Callable[[str], str]) -> None:
    made = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *told, **named: over(made(*told, **named)))
