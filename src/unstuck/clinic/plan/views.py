"""Today's board as a page, and the part of it that renews itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.course.pages import Sight
from unstuck.clinic.ledger.chain import SITE
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.plan.board import board


@access.require(access.may_see_board)
@require_GET
def today(request: HttpRequest) -> HttpResponseBase:
    """The board. Opening it is an entry; renewing it is not another."""
    note_reading(access.account_of(request), SITE, "board", clock.now(request))
    return _board(request, "plan/today.html")


@access.require(access.may_see_board)
@require_GET
def fragment(request: HttpRequest) -> HttpResponseBase:
    """The board as it is now: only its changing part for a page that polls, the whole page for everybody else."""
    if "HX-Request" not in request.headers:
        return today(request)
    return _board(request, "plan/_board.html")


def _board(request: HttpRequest, template: str) -> HttpResponse:
    account, at = access.account_of(request), clock.now(request)
    courses = queries.loaded(queries.everyone().filter(ended_at=None))
    care = access.is_care(account) and all(access.may_see_arm(account, one.row) for one in courses)
    sight = Sight(names=access.may_see_names(account), scores=care, arm=care, acts=frozenset())
    response = render(request, template, {"page": board(courses, sight, at, clock.zone())})
    patch_vary_headers(response, ["HX-Request"])
    return response
