"""The pages of the house."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from unstuck.clinic import clock
from unstuck.clinic.alerts.climb import open_alerts
from unstuck.clinic.measures.house import WEEKS, House, house
from unstuck.clinic.measures.listing import Asked, behind
from unstuck.clinic.measures.pages import house_page
from unstuck.clinic.people import access


@access.require(access.may_see_outcomes)
@require_GET
def overview(request: HttpRequest) -> HttpResponseBase:
    """Every number of the house, with its denominator and interval."""
    here, account = _house(request), access.account_of(request)
    context = {"page": house_page(here), "choices": WEEKS}
    if access.may_count_alerts(account):
        waiting = list(open_alerts())
        context |= {"alerts": len(waiting), "untaken": sum(1 for one in waiting if one.taken_by_id is None)}
    return render(request, "measures/overview.html", context)


@access.require(access.may_see_outcomes)
@require_GET
def listed(request: HttpRequest, what: str) -> HttpResponseBase:
    """The list behind one number."""
    here = _house(request)
    asked = Asked(request.GET.get("only", ""), request.GET.get("page", ""))
    page = behind(here, what, asked, clock.zone())
    if page is None:
        raise Http404(what)
    return render(request, "measures/behind.html", {"page": page, "weeks": here.weeks})


def _house(request: HttpRequest) -> House:
    asked = request.GET.get("weeks", "")
    weeks = int(asked) if asked.isdigit() and int(asked) in WEEKS else WEEKS[1]
    return house(access.account_of(request), weeks, clock.now(request))
