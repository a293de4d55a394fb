"""Journal, safety plan and log: pages on which a person writes."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Person
from unstuck.clinic.portal import days, leaves
from unstuck.clinic.portal.door import own
from unstuck.clinic.portal.models import Choices, Leaf
from unstuck.core.errors import Complaint


@own
@require_http_methods(["GET", "POST"])
def journal(request: HttpRequest) -> HttpResponseBase:
    """The own pages, the newest first, and a field for a new one."""
    person = _person(request)
    words = request.POST.get("words", "").strip()
    if words:
        leaves.write_journal(person, words, request.POST.get("share") == "1", clock.now(request))
        return redirect("portal:journal")
    return render(request, "portal/journal.html", {"leaves": leaves.journal_of(person)})


@own
@require_POST
def leaf(request: HttpRequest, key: str) -> HttpResponseBase:
    """Share a page, make it private again, or take it out."""
    found = get_object_or_404(Leaf.objects.select_related("person", "text"), key=key, person=_person(request))
    at, act = clock.now(request), request.POST.get("act")
    if act == "take_out":
        leaves.take_out(found, at)
    elif act in ("share", "unshare"):
        leaves.set_shared(found, act == "share", at)
    return redirect("portal:plan" if found.kind == "plan" else "portal:journal")


@own
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest) -> HttpResponseBase:
    """The safety plan: read it, or write it."""
    person, at = _person(request), clock.now(request)
    if request.method == "POST":
        told = {key: request.POST.get(key, "").strip() for key in leaves.PLAN_PARTS}
        marks = {key: request.POST[f"was-{key}"] for key in leaves.PLAN_PARTS if f"was-{key}" in request.POST}
        drawn = leaves.Drawn(marks, request.POST.get("was-shared") == "1")
        leaves.rewrite_plan(person, told, request.POST.get("share") == "1", drawn, at)
        return redirect("portal:plan")
    found, told = leaves.plan_of(person)
    parts = [(key, words, told[key], leaves.mark(told[key])) for key, words in leaves.plan_words().items()]
    writing = "write" in request.GET or found is None
    return render(request, "portal/plan.html", {"leaf": found, "parts": parts, "writing": writing})


@own
@require_http_methods(["GET", "POST"])
def log(request: HttpRequest) -> HttpResponseBase:
    """Sleep, movement and company, one line a day."""
    person, at = _person(request), clock.now(request)
    today = at.astimezone(clock.zone()).date()
    refusal = None
    if request.method == "POST":
        try:
            days.keep_day(
                person,
                _day(request.POST.get("on", ""), today),
                {key: str(value) for key, value in request.POST.items()},
                today,
            )
            return redirect("portal:days")
        except Complaint as wrong:
            refusal = wrong
    shared = Choices.objects.filter(person=person, days_shared_at__isnull=False).exists()
    context = {"lines": days.lines_of(person), "today": today, "company": enumerate(days.COMPANY), "shared": shared}
    return render(request, "portal/days.html", {**context, "refusal": refusal}, status=409 if refusal else 200)


@own
@require_POST
def share_log(request: HttpRequest) -> HttpResponseBase:
    """Let the treating team read the log, or no longer."""
    days.share_days(_person(request), request.POST.get("share") == "1", clock.now(request))
    return redirect("portal:days")


def _day(typed: str, today: date) -> date:
    """Raises NotADay."""
    try:
        return date.fromisoformat(typed) if typed else today
    except ValueError:
        raise days.NotADay(_("Choose a day of the last week.")) from None


def _person(request: HttpRequest) -> Person:
    person = access.account_of(request).person
    assert person is not None  # the rule of every page here
    return person
