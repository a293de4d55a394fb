"""The pages where chairs are named."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.people import access
from unstuck.clinic.rooms import actions, queries
from unstuck.clinic.rooms.forms import NewChairForm, filled
from unstuck.clinic.rooms.models import Chair
from unstuck.clinic.rooms.pages import rows


@access.require(access.may_name_chairs)
@require_http_methods(["GET", "POST"])
def chairs(request: HttpRequest) -> HttpResponseBase:
    """The list of chairs, and the form for a new one."""
    form = NewChairForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actor, at = access.account_of(request).key, clock.now(request)
        try:
            actions.name_chair(form.cleaned_data["key"], form.facts(), actor, at)
            return redirect("rooms:chairs")
        except actions.KeyTaken as refusal:
            form.add_error("key", str(refusal))
    return render(request, "rooms/chairs.html", {"rows": rows(queries.chairs()), "form": form})


@access.require(access.may_name_chairs)
@require_http_methods(["GET", "POST"])
def chair(request: HttpRequest, key: str) -> HttpResponseBase:
    """Change what a chair is called, where it stands and what may be given in it."""
    found = get_object_or_404(Chair, key=key)
    form = filled(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.change_chair(found, form.facts(found.active), access.account_of(request).key, clock.now(request))
        return redirect("rooms:chairs")
    return render(request, "rooms/chair.html", {"chair": found, "form": form})


@access.require(access.may_name_chairs)
@require_POST
def use(request: HttpRequest, key: str) -> HttpResponseBase:
    """Take a chair out of use, or back into it."""
    found = get_object_or_404(Chair, key=key)
    facts = actions.ChairFacts(found.label, found.room, found.routes, found.place, not found.active)
    actions.change_chair(found, facts, access.account_of(request).key, clock.now(request))
    return redirect("rooms:chairs")
