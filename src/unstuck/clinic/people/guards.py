"""How views use the rules of access: asking one, refusing, and writing the refusal to the ledger."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from unstuck.clinic import clock
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.models import Account

P = ParamSpec("P")


class CourseLike(Protocol):
    """What a rule asks of a course: its key, whose it is, whether its arm is hidden, and from which roles."""

    @property
    def key(self) -> str: ...

    @property
    def person_id(self) -> int | None: ...

    @property
    def blinded(self) -> bool: ...

    @property
    def blinded_roles(self) -> frozenset[str]: ...


def account_of(request: HttpRequest) -> Account:
    """The account that is signed in. Raises PermissionDenied when nobody is."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


Rule = Callable[[Account], bool]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def require(rule: Rule) -> Callable[[View[P]], View[P]]:
    """The view is for accounts for which `rule` holds; others are refused, and it is noted.

    Whoever has not signed in never comes here: the middleware has sent them to the sign-in page.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not rule(account_of(request)):
                refuse(request, rule.__name__)
            return view(request, *args, **kwargs)

        guarded.rule = rule  # type: ignore[attr-defined]
        return guarded

    return decorate


def open_to_all(why: str) -> Callable[[View[P]], View[P]]:
    """The view needs no sign-in; `why` says what protects it, and a test reads it."""

    def decorate(view: View[P]) -> View[P]:
        view.open_because = why  # type: ignore[attr-defined]
        return login_not_required(view)

    return decorate


def allow(request: HttpRequest, rule: Callable[[Account, CourseLike], bool], course: CourseLike) -> Account:
    """The account, if `rule` holds for it and `course`. Raises PermissionDenied and notes the refusal otherwise."""
    account = account_of(request)
    if not rule(account, course):
        request.refused = (rule.__name__, course.key)  # type: ignore[attr-defined]  # for the page of the refusal
        refuse(request, rule.__name__)
    return account


def refuse(request: HttpRequest, rule: str) -> None:
    """Note on the site's chain that `rule` refused this account, and raise PermissionDenied."""
    note("access.refused", account_of(request).key, clock.now(request), {"rule": rule})
    raise PermissionDenied(rule)
