"""No address of the clinic is open by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver


def views(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every address with the view that answers it."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern, before + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield before + str(pattern.pattern), pattern.callback


@pytest.mark.parametrize(("address", "view"), list(views()), ids=[address or "/" for address, _ in views()])
def test_every_view_names_its_rule(address: str, view: Any) -> None:
    """A view has a rule from people/access, or says in words why it is open to all."""
    assert callable(getattr(view, "rule", None)) or getattr(view, "open_because", "").strip()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/people/accounts/"])
def test_whoever_has_not_signed_in_is_asked_to(browser: Client, address: str) -> None:
    """A guarded page leads to the sign-in page and back."""
    answer = browser.get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/people/sign-in/?next={address}")
