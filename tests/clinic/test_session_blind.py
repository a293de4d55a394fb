"""In a blinded course no address of sessions tells a blinded role the drug or an amount."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern

from tests.clinic.live import DOSE_AT, seated, watched
from unstuck.clinic import clock
from unstuck.clinic.course.queries import load
from unstuck.clinic.session import help_urls, urls
from unstuck.clinic.session.actions import make_help_link
from unstuck.clinic.session.models import Sitting

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]
WORDS = re.compile(r"ketamine|midazolam|\bmg\b|\bmg/|ng/mL|amount_mg|given_mg|ordered_mg|mg_per", re.IGNORECASE)
FORMS: dict[str, dict[str, str]] = {
    "say": {"kind": "flow", "entry": "blind-000001", "flow": "paused"},
    "give": {"entry": "blind-000002"},
    "check": {"entry": "blind-000003", "role": "giver", "lot": "none", "units": "4"},
    "leave": {"entry": "blind-000004", "to": "home"},
}


@pytest.fixture
def blind(cast: Any, settings: Any) -> Iterator[Any]:
    """A dose that runs in a course whose nurses and therapists are blinded, ten minutes after its start."""
    settings.UNSTUCK_DEMO = True
    course = seated(1, cast["nia"].key, watched(key="masked", blinded=("nurse", "therapist", "patient")))
    with clock.stopped(DOSE_AT + timedelta(minutes=10)):
        yield course


def answers(client: Client, course: Any, cast: Any) -> Iterator[tuple[str, str]]:
    """What every address of a session answers, opened and, where it takes a form, written to."""
    base = f"/session/{course.key}/infusion/1/"
    token = make_help_link(Sitting.objects.get(), cast["nia"].key, clock.read())
    for pattern in [p for p in (*urls.urlpatterns, *help_urls.urlpatterns) if isinstance(p, URLPattern)]:
        route = str(pattern.pattern)
        if not route.startswith("<str:"):
            continue
        tail = route.partition("<int:occurrence>/")[2].replace("<str:instrument>", "cadss")
        address = f"/h/{token}/{route.partition('/')[2]}" if "<str:token>" in route else base + tail
        yield f"GET {address}", text(client.get(address))
        yield f"POST {address}", text(client.post(address, FORMS.get(pattern.name or "", {}), follow=True))
    who = re.search(r'data-who="(\w+)"', text(client.get(base)))[1]  # type: ignore[index]
    sent = {"device": "device-0001", "who": who, "sent_at": clock.read().isoformat(), "entries": flows()}
    posted = client.post(f"{base}entries/", json.dumps(sent), content_type="application/json")
    yield "POST entries", text(posted)
    yield "GET after", text(client.get(base)) + text(client.get(f"{base}state/"))


def flows() -> list[dict[str, Any]]:
    """A pause that is saved, and a rate above the ordered one, whose refusal must tell nothing either."""
    at = clock.read().isoformat()
    whats = ({"flow": "paused", "reason": "line"}, {"flow": "rate", "rate_ml_per_h": 99.0})
    return [{"id": f"blind-00001{n}", "kind": "Flow", "observed_at": at, "what": what} for n, what in enumerate(whats)]


MENU = re.compile(r"<option[^>]*>.*?</option>|midazolam_rescue|>Midazolam<", re.DOTALL)


def text(answer: Any) -> str:
    """The answer without the menus of rescue medicines and units, which are the same in every course and arm."""
    return MENU.sub("", answer.content.decode()) if answer.status_code not in (301, 302, 405) else ""


@pytest.mark.parametrize("who", ["nia", "ben"])
def test_no_answer_unmasks(blind: Any, cast: Any, signed_in: SignedIn, who: str, at: datetime) -> None:
    """Neither page, fragment, JSON, receipt nor refusal holds drug, mg or ng/mL for a blinded nurse or therapist."""
    told = dict(answers(signed_in(who), blind, cast))
    found = {address: WORDS.findall(words)[:3] for address, words in told.items() if WORDS.search(words)}
    assert found == {}
    assert sum(1 for words in told.values() if "Person 01" in words) >= 3


def test_an_unblinded_prescriber_sees_the_drug(blind: Any, cast: Any, signed_in: SignedIn) -> None:
    """The same words stand on the page of somebody whom the protocol does not blind, so the search can find them."""
    page = text(signed_in("cleo").get(f"/session/{blind.key}/infusion/1/"))
    assert WORDS.search(page)


def test_a_colleagues_page_writes_nothing_under_another_name(blind: Any, cast: Any, signed_in: SignedIn) -> None:
    """A batch from Nia's page is turned away whole while Cleo is signed in beside it on the same tablet."""
    sent = {"device": "device-0001", "sent_at": clock.read().isoformat(), "entries": flows()}
    address, length = f"/session/{blind.key}/infusion/1/entries/", len(load(blind).state.log)
    for who in (cast["nia"].key, None):
        body = json.dumps(sent | {"who": who})
        assert signed_in("cleo").post(address, body, content_type="application/json").status_code == 403
    assert len(load(blind).state.log) == length
