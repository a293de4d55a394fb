"""Staff's side of the own pages: the desk of one person, what is shared, and feedback for quality and privacy."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from unstuck.clinic import clock
from unstuck.clinic.assessment.half_given import take_back
from unstuck.clinic.course import queries
from unstuck.clinic.course.enrolment import IdentityForm
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.portal import days, desk, feedback, leaves
from unstuck.clinic.portal.models import Choices, Feedback
from unstuck.core.errors import Complaint


@access.require(access.may_send_link)
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, key: str) -> HttpResponseBase:
    """Invite the person, take links back, close the doors of a lost telephone."""
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.allow(request, access.may_see_course, row), clock.now(request)
    note_reading(account, row.key, "desk", at)
    context: dict[str, Any] = {"row": row, "care": access.is_care(account), "languages": settings.LANGUAGES}
    if request.method == "POST":
        try:
            if request.POST.get("act") == "invite":
                door, language = request.build_absolute_uri(reverse("portal:enter")), request.POST.get("language", "")
                desk.invite(row, door, account.key, at, language)
            elif request.POST.get("act") == "close":
                desk.close_doors(row, account.key, at)
            else:
                take_back(get_object_or_404(row.links, pk=request.POST.get("link", "0")), account.key, at)
            return redirect("desk:person", key=row.key)
        except Complaint as refusal:
            context["refusal"] = refusal
    holder = desk.account_for(row.person)
    context |= {"links": desk.open_links(row, at), "holder": holder}
    context["language"] = desk.language_for(row.person) or settings.LANGUAGE_CODE
    context["passkeys"] = holder.passkeys.count() if holder else 0
    return render(request, "portal/desk.html", context, status=409 if "refusal" in context else 200)


@access.require(access.may_send_link)
@require_http_methods(["GET", "POST"])
def details(request: HttpRequest, key: str) -> HttpResponseBase:
    """Put right who somebody is and how they are reached."""
    row = get_object_or_404(queries.everyone(), key=key, person__erased_at=None)
    account, at = access.allow(request, access.may_see_course, row), clock.now(request)
    note_reading(account, row.key, "desk", at)
    form = IdentityForm(request.POST or None, initial=model_to_dict(row.person))
    if request.method == "POST" and form.is_valid():
        try:
            desk.put_right(row, form.identity(), account.key, at)
            return redirect("desk:person", key=row.key)
        except Complaint as refusal:
            form.add_error("email", str(refusal))
    return render(request, "portal/details.html", {"row": row, "form": form}, status=409 if form.errors else 200)


@access.require(access.is_care)
@require_GET
def shared(request: HttpRequest, key: str) -> HttpResponseBase:
    """What the person shares with the treating team at this moment. Reading it is an entry."""
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.allow(request, access.may_see_shared, row), clock.now(request)
    note_reading(account, row.key, "shared", at)
    pages = leaves.shared_of(row.person)
    log = Choices.objects.filter(person=row.person, days_shared_at__isnull=False).exists()
    told = leaves.plan_of(row.person)[1] if pages.filter(kind="plan").exists() else {}
    plan = [(words, told[key]) for key, words in leaves.plan_words().items() if told.get(key)]
    context = {"row": row, "pages": pages.filter(kind="journal"), "plan": plan}
    return render(request, "portal/shared.html", {**context, "lines": days.lines_of(row.person) if log else ()})


@access.require(access.may_read_feedback)
@require_http_methods(["GET", "POST"])
def visits(request: HttpRequest) -> HttpResponseBase:
    """How people found their visits, what nobody has read first. Pseudonyms only."""
    account, at = access.account_of(request), clock.now(request)
    if request.method == "POST":
        number = request.POST.get("feedback", "")
        told = get_object_or_404(Feedback, pk=int(number) if number.isdecimal() and len(number) < 16 else 0)
        if told in feedback.readable_by(account):
            feedback.mark_read(told, account, at)
        return redirect("desk:visits")
    found = feedback.readable_by(account)
    for chain in {one.course.key for one in found}:
        note_reading(account, chain, "feedback", at)
    return render(request, "portal/visits.html", {"found": [feedback.told(one) for one in found]})
