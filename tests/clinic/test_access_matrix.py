"""The matrix of roles, pages and fields (docs/access.toml) is what the clinic does: each address as each role."""

from __future__ import annotations

import logging
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import Resolver404, resolve
from pypdf import PdfReader

from tests.clinic.access_world import BLINDED, NOBODY, OTHER, UNBLINDED, WHO, World, addresses, made, patterns
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


def row_of(row: str) -> str:
    """The row of the matrix for one page of an address: its own where it has one."""
    return row if row in PAGES else row.partition(" ")[0]


def may_write(name: str) -> set[str]:
    """Who may send something to the address: whoever opens it, unless the matrix names fewer."""
    return set(MATRIX["writes"][name].split()) if name in MATRIX["writes"] else allowed(name)


def asked_to_sign_in(answer: Any) -> bool:
    return answer.status_code == 302 and "?next=" in answer["Location"]


@dataclass(frozen=True)
class Page:
    """One page: the name of its row in the matrix, its address, and the pattern that it comes from."""

    row: str
    to: str
    pattern: Any


def wrong(world: World, page: Page, who: str, seen: Seen) -> Iterator[str]:
    """What differs from the matrix when this somebody opens this address, and sends it an empty form.

    Nothing is sent by whom the view's own rule refuses: it is asked before the view, whatever the method.
    """
    browser, name, to = world.browser(who), page.row, page.to
    answer, cookies = browser.get(to), copy(browser.cookies)
    note_fields(world, name, who, answer, seen)
    if answer.status_code != 405 and (answer.status_code != 403) != (who in allowed(name)):
        yield f"{to} gives {who} {answer.status_code}"
    if answer.status_code == 200:
        yield from wrong_doors(page, who, words_of(answer))
    rule = getattr(page.pattern.callback, "rule", None)
    if rule is None or rule(world.accounts[who]):
        with transaction.atomic():
            sent = browser.post(to, {})
            transaction.set_rollback(True)
        browser.cookies = cookies  # whoever has signed out or taken another light is as before
        note_fields(world, name, who, sent, seen)
        if sent.status_code != 405 and (sent.status_code != 403) != (who in may_write(name)):
            yield f"{to} takes from {who}: {sent.status_code}"


def wrong_doors(page: Page, who: str, text: str) -> Iterator[str]:
    """Links of the page that its reader may not open, and forms that they may not send. What an alert's page shows
    depends on its kind, and a page without sign-in leads to pages with one."""
    for attribute, to in set(re.findall(r'(href|action)="(/[^"?#]*)', text)):
        name, kind = leads_to(to)
        row = row_of(f"{name} {kind}")
        if name in ("", "alerts:alert", "alerts:do") or OPEN in (PAGES[row], PAGES[page.row]):
            continue
        if who not in (may_write(row) if attribute == "action" else allowed(row)):
            yield f"{page.to} leads {who} to {name}"


@cache
def leads_to(address: str) -> tuple[str, str]:
    """The name of an address, and the kind of page that it chooses; empty for a file of the site's own."""
    try:
        found = resolve(address)
    except Resolver404:
        return "", ""
    return found.view_name, str(found.kwargs.get("kind", ""))


def note_fields(world: World, name: str, who: str, answer: Any, seen: Seen) -> None:
    """Which marks stand in the answer, whatever its kind and its status: page, file, letterhead or refusal."""
    if not name.startswith(tuple(MATRIX["impersonal"])):
        text = words_of(answer).lower()
        for field, marks in world.marks.items():
            if any(mark.lower() in text and stands_alone(mark.lower(), text) for mark in marks):
                seen[field].add(who)


def stands_alone(mark: str, text: str) -> bool:
    """Whether the mark stands there as words or a figure of its own."""
    return bool(re.search(rf"(?<!\w){re.escape(mark)}(?!\w)", text))


def words_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body.startswith(b"%PDF"):
        return "\n".join(page.extract_text() for page in PdfReader(BytesIO(body)).pages)
    return ECHO.sub("", unescape(body.decode(errors="replace")))


ECHO = re.compile(r'<input[^>]*name="q"[^>]*>')
"""The field of a search, in which stands what its reader has typed."""


def fields(blinded: str) -> Seen:
    return {key: set(field[blinded].split()) for key, field in MATRIX["fields"].items()}


def test_every_address_is_in_the_matrix() -> None:
    """A new address without a row, and a row without an address, make this test fail."""
    assert {row.partition(" ")[0] for row in PAGES} == {name for name, _pattern in patterns()}
    assert set(MATRIX["writes"]) <= set(PAGES)


def test_every_address_and_every_field_as_every_role(at: datetime) -> None:
    """Blinded course: whoever the matrix names gets in; Eve, another patient and everybody else are refused, nobody
    gets in without signing in, and each field is learnt, over all answers, by exactly the roles that are named."""
    world, faults, seen = made(at, BLINDED), [], defaultdict(set)
    with clock.stopped(world.at):
        for name, pattern in patterns():
            tried = (NOBODY,) if PAGES[name] == OPEN else WHO
            for row, to in addresses(name, pattern, world):
                asked = Page(row_of(row), to, pattern)
                faults += [fault for who in tried for fault in wrong(world, asked, who, seen)]
                if PAGES[name] != OPEN and not asked_to_sign_in(world.browser("").get(to)):
                    faults.append(f"{to} asks for no sign-in")
    assert "\n".join(sorted(faults)) == ""
    assert {key: seen[key] for key in MATRIX["fields"]} == fields("blinded")


def test_the_fields_of_a_course_without_blinding(at: datetime) -> None:
    """In a course that hides nothing each field is learnt by exactly the roles that the matrix names."""
    world, seen = made(at, UNBLINDED), defaultdict(set)
    with clock.stopped(world.at):
        for name, pattern in patterns():
            if not name.startswith(ELSEWHERE) and PAGES[name] != OPEN:
                for row, to in addresses(name, pattern, world):
                    for who in unblinded(row_of(row)) - {OTHER}:
                        note_fields(world, name, who, world.browser(who).get(to), seen)
    assert {key: seen[key] for key in MATRIX["fields"]} == fields("unblinded")


ELSEWHERE = (
    "protocol",
    "evidence",
    "rooms",
    "site",
    "training",
    "session:room",
    "session:worker",
    "session:prediction",
)
"""Pages that are the same whatever the protocol hides, and hold no field; the other test opens them."""


def unblinded(row: str) -> set[str]:
    """Who opens the page where nothing is hidden."""
    return set(MATRIX["unblinded"].get(row, "").split()) or allowed(row)
