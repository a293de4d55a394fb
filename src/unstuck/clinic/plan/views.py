"""Today's board as a page and on the wall, what is answered from it, and the hand-over."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.ledger.chain import SITE
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.people.models import Account
from unstuck.clinic.people.queries import staff_names
from unstuck.clinic.plan import actions
from unstuck.clinic.plan.handover import HandOverPage, hand_over_page
from unstuck.clinic.plan.look import look, people_of
from unstuck.clinic.plan.sight import Room, eyes_of
from unstuck.clinic.plan.visits import Day
from unstuck.clinic.plan.watch import watches
from unstuck.clinic.rooms.queries import seats
from unstuck.core.errors import Complaint
from unstuck.core.session_events import Answer, Call


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


@access.require(access.may_see_board)
@require_GET
def wall(request: HttpRequest) -> HttpResponseBase:
    """The chairs alone, to be read from three metres: number, word and clock, without names unless asked for."""
    note_reading(access.account_of(request), SITE, "wall", clock.now(request))
    return _board(request, "plan/wall.html")


@access.require(access.may_see_board)
@require_POST
def keep_wall(request: HttpRequest) -> HttpResponseBase:
    """This browser shows the wall and nothing else until somebody signs in again; it does not time out meanwhile."""
    note("wall.kept", access.account_of(request).key, clock.now(request))
    request.session[access.WALL] = True
    return redirect("plan:wall")


@access.require(access.may_see_board)
@require_GET
def wall_fragment(request: HttpRequest) -> HttpResponseBase:
    """The wall as it is now: its changing part alone for a page that polls."""
    return _board(request, "plan/_wall.html") if "HX-Request" in request.headers else wall(request)


def _board(request: HttpRequest, template: str) -> HttpResponse:
    page = look(access.account_of(request), clock.now(request)).page
    kept = bool(request.session.get(access.WALL))
    told = {"page": page, "names": request.GET.get("names") == "1" and not kept, "kept": kept}
    response = render(request, template, told)
    patch_vary_headers(response, ["HX-Request"])
    return response


@access.require(access.may_answer_alarm)
@require_POST
def answer(request: HttpRequest) -> HttpResponseBase:
    """Takes, acts on, looks again at or sends on an alarm, or goes to a call; then the board, which says so."""
    account, at, told = access.account_of(request), clock.now(request), request.POST
    try:
        place = actions.place_of(told.dict())
        if told.get("call"):
            actions.answer_call(place, Call(told["call"]), account, at)
        else:
            said = Answer(told.get("answer", Answer.TAKEN.value))
            actions.answer_alarm(place, told.get("alarm", ""), said, account, at)
    except Complaint as refusal:
        messages.error(request, str(refusal))
    except ValueError:
        messages.error(request, _("This is no answer to an alarm."))
    return redirect("plan:today")


@access.require(access.may_answer_alarm)
@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest) -> HttpResponseBase:
    """The chairs of others, and taking them over with every open alarm read back."""
    account, at = access.account_of(request), clock.now(request)
    refused = ""
    if request.method == "POST":
        try:
            taken = _take_over(request, account)
            messages.success(request, _("You have taken over %(n)s.") % {"n": taken})
            return redirect("plan:today")
        except Complaint as refusal:
            refused = str(refusal)
    note_reading(account, SITE, "hand_over", at)
    told = {"page": _hand_over_page(account, request), "refused": refused, "ticked": set(request.POST.getlist("read"))}
    return render(request, "plan/hand_over.html", told | {"chosen": set(request.POST.getlist("chair"))})


def _take_over(request: HttpRequest, account: Account) -> int:
    places = []
    for mark in request.POST.getlist("chair"):
        course, step, number = [*mark.split("/"), "", ""][:3]
        places.append(actions.place_of({"course": course, "step": step, "occurrence": number}))
    if not places:
        raise Complaint(_("No chair was chosen."), mend=_("Tick the chairs that you take."))
    ticked = [tuple(mark.split("/", 1)) for mark in request.POST.getlist("read") if "/" in mark]
    return actions.take_over(places, {(pair[0], pair[1]) for pair in ticked}, account, clock.now(request))


def _hand_over_page(account: Account, request: HttpRequest) -> HandOverPage:
    at = clock.now(request)
    rows = list(queries.everyone().filter(ended_at=None))
    courses = queries.loaded(rows)
    room = Room(seats(), staff_names(people_of(courses)))
    return hand_over_page(courses, watches(), eyes_of(account, courses), room, Day(at, clock.zone()))
