"""Around every request: a sign-in is asked for, an idle session ends, and no page stays in a shared browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse

from unstuck.clinic import clock
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.session.queries import kept_by

SEEN = "unstuck_seen_at"
OWN_WORDS = ("portal:journal", "portal:plan", "portal:days", "portal:visit")  # pages that a person fills at leisure

Handler = Callable[[HttpRequest], HttpResponse]


class IdleTimeout:
    """Signs an account out after the idle minutes of its strictest role. Pages that poll do not count as activity.

    A page in which somebody types says so each minute, which does. When that comes too late it changes nothing: the
    page is told, and what is sent from it next decides.

    Who wrote on an own page for longer than that, with no request in between, loses no word: what is sent is kept
    first, in the name of that browser's session, and shown to nobody before a new sign-in.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        account = request.user
        if isinstance(account, Account):
            if request.path == reverse("people:typing") and _is_idle(request, account, clock.now(request)):
                return JsonResponse({"here": False})
            if _writes_own_words(request, account) and _is_idle(request, account, clock.now(request)):
                return self._kept_first(request, account)
            self._watch(request, account)
        return self.get_response(request)

    def _kept_first(self, request: HttpRequest, account: Account) -> HttpResponse:
        """What was sent is kept where the page takes it; then the session ends, and the way in says so."""
        kept = self.get_response(request).status_code in (200, 302)
        note("account.timed_out", account.key, clock.now(request))
        logout(request)
        return redirect(reverse("portal:enter") + ("?kept=yes" if kept else ""))

    def _watch(self, request: HttpRequest, account: Account) -> None:
        at = clock.now(request)
        if request.session.get(access.WALL):
            return _only_the_wall(request, account, at)
        seen = request.session.get(SEEN)
        if _is_idle(request, account, at):
            note("account.timed_out", account.key, at)
            logout(request)
        elif request.headers.get("X-Unstuck-Poll") is None and _stale(seen, at):
            request.session[SEEN] = at.isoformat()


def _only_the_wall(request: HttpRequest, account: Account, at: datetime) -> None:
    """A screen on the wall stays signed in for its page without names; any other page there ends its session."""
    open_here = (reverse("plan:wall"), reverse("theme"), reverse("people:sign_out"))
    if not request.path.startswith(open_here):
        note("wall.left", account.key, at)
        logout(request)


def _is_idle(request: HttpRequest, account: Account, at: datetime) -> bool:
    seen = request.session.get(SEEN)
    idle = at - datetime.fromisoformat(seen) if seen else timedelta()
    return idle > idle_limit(account) and idle > chair_limit(account)


def _writes_own_words(request: HttpRequest, account: Account) -> bool:
    return request.method == "POST" and access.is_patient(account) and request.path in map(reverse, OWN_WORDS)


def _stale(seen: str | None, at: datetime) -> bool:
    """Whether the mark is older than half a minute: not every request needs to write the session."""
    return seen is None or at - datetime.fromisoformat(seen) > timedelta(seconds=30)


def idle_limit(account: Account) -> timedelta:
    """How long a session of `account` may be idle."""
    minutes = settings.UNSTUCK_IDLE_MINUTES
    return timedelta(minutes=min((minutes[role] for role in account.roles), default=min(minutes.values())))


def chair_limit(account: Account) -> timedelta:
    """The longer limit of whoever keeps a chair: a lost network must not sign the nurse out of a running session."""
    return timedelta(minutes=settings.UNSTUCK_IDLE_MINUTES_CHAIR if kept_by(account.key) else 0)


class SignInRequired(LoginRequiredMiddleware):
    """Everything needs a sign-in. A fragment that polls is told to load the sign-in page instead of swapping it in."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseBase:  # type: ignore[override]
        if "HX-Request" not in request.headers:
            return super().handle_no_permission(request, view_func)
        page = urlsplit(request.headers.get("HX-Current-URL", "/")).path
        where = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': page})}"
        return HttpResponse(status=204, headers={"HX-Redirect": where})


class WithoutNul:
    """Takes the sign NUL out of what a form sends: no person types it, pasted text may hold it, and PostgreSQL keeps
    no text with it, so that everything written around it would be lost."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for name in ("GET", "POST"):
            told: QueryDict = getattr(request, name)
            if any("\0" in word for field, values in told.lists() for word in (field, *values)):
                setattr(request, name, _without_nul(told))
        return self.get_response(request)


def _without_nul(told: QueryDict) -> QueryDict:
    plain = QueryDict(mutable=True)
    for name, values in told.lists():
        plain.setlist(name.replace("\0", ""), [value.replace("\0", "") for value in values])
    return plain


class NoStore:
    """Pages about people are not kept by the browser. Hashed static files are answered earlier and may be."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response
