"""The matrix of roles, pages and fields (docs/access.toml) is what the clinic does: each address as each role."""

from __future__ import annotations

import logging
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clinic.access_world import BLINDED, NOBODY, OTHER, UNBLINDED, WHO, World, address, made, patterns
from unstuck.clinic import clock

MATRIX: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / "docs" / "access.toml").read_text("utf-8"))
PAGES: dict[str, str] = {name: who for pages in MATRIX["pages"].values() for name, who in pages.items()}
OPEN, EVERYONE = "open", "everyone"
Seen = dict[str, set[str]]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(settings: Any) -> Iterator[None]:
    """A demonstration, and a thousand refusals that need no line each."""
    settings.UNSTUCK_DEMO = True
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def allowed(name: str) -> set[str]:
    return set(WHO) if PAGES[name] in (OPEN, EVERYONE) else set(PAGES[name].split())


def asked_to_sign_in(answer: Any) -> bool:
    return answer.status_code == 302 and "?next=" in answer["Location"]


def wrong(world: World, name: str, to: str, who: str, seen: Seen) -> str:
    """What differs from the matrix when this somebody opens this address; empty where nothing does."""
    answer = world.browser(who).get(to)
    if who in allowed(name):
        note_fields(world, name, who, answer, seen)
        return "" if answer.status_code != 403 else f"{name} refuses {who}"
    if answer.status_code == 405:
        answer = world.browser(who).post(to, {})
    return "" if answer.status_code == 403 else f"{name} gives {who} {answer.status_code}"


def note_fields(world: World, name: str, who: str, answer: Any, seen: Seen) -> None:
    if answer.status_code == 200 and not answer.streaming and not name.startswith(tuple(MATRIX["impersonal"])):
        text = answer.content.decode(errors="replace")
        for field, mark in world.marks.items():
            if re.search(rf"(?<!\w){re.escape(mark)}(?!\w)", text, re.I):
                seen[field].add(who)


def fields(blinded: str) -> Seen:
    return {key: set(field[blinded].split()) for key, field in MATRIX["fields"].items()}


def test_every_address_is_in_the_matrix() -> None:
    """A new address without a row, and a row without an address, make this test fail."""
    assert set(PAGES) == {name for name, _pattern in patterns()}


def test_every_address_and_every_field_as_every_role(at: datetime) -> None:
    """Blinded course: whoever the matrix names gets in; Eve, another patient and everybody else are refused, nobody
    gets in without signing in, and each field is learnt, over all pages, by exactly the roles that the matrix names."""
    world, faults, seen = made(at, BLINDED), [], defaultdict(set)
    with clock.stopped(world.at):
        for name, pattern in patterns():
            to = address(name, pattern, world)
            tried = (NOBODY,) if PAGES[name] == OPEN else WHO
            faults += [found for who in tried if (found := wrong(world, name, to, who, seen))]
            if PAGES[name] != OPEN and not asked_to_sign_in(world.browser("").get(to)):
                faults.append(f"{name} asks for no sign-in")
    assert faults == []
    assert {key: seen[key] for key in MATRIX["fields"]} == fields("blinded")


def test_the_fields_of_a_course_without_blinding(at: datetime) -> None:
    """In a course that hides nothing each field is learnt by exactly the roles that the matrix names."""
    world, seen = made(at, UNBLINDED), defaultdict(set)
    with clock.stopped(world.at):
        for name, pattern in patterns():
            if "key" in pattern.pattern.converters or name in (
                "portal:home",
                "plan:today",
                "alerts:open",
                "measures:behind",
            ):
                for who in allowed(name) - {OTHER}:
                    answer = world.browser(who).get(address(name, pattern, world))
                    note_fields(world, name, who, answer, seen)
    assert {key: seen[key] for key in MATRIX["fields"]} == fields("unblinded")
