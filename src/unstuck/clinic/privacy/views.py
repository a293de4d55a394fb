"""The pages of privacy: opening in an emergency, and erasing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.people import access
from unstuck.clinic.people.glass import ARM, RECORD
from unstuck.clinic.privacy import erasure, glass
from unstuck.clinic.privacy.forms import ErasureForm, GlassForm
from unstuck.core.errors import Complaint


@access.require(access.may_break_glass)
@require_http_methods(["GET", "POST"])
def record(request: HttpRequest, key: str) -> HttpResponseBase:
    """Opens one record for an hour to somebody whose role does not."""
    return _glass(request, key, RECORD)


@access.require(access.may_unmask)
@require_http_methods(["GET", "POST"])
def arm(request: HttpRequest, key: str) -> HttpResponseBase:
    """Unmasks one arm for an hour."""
    return _glass(request, key, ARM)


def _glass(request: HttpRequest, key: str, what: str) -> HttpResponseBase:
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.account_of(request), clock.now(request)
    form = GlassForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        why = glass.Why(form.cleaned_data["reason"], form.cleaned_data["words"])
        try:
            glass.break_glass(row, account, what, why, at)
            return redirect("course:course", key=row.key)
        except Complaint as refusal:
            form.add_error(None, str(refusal))
    context = {"form": form, "row": row, "arm": what == ARM}
    return render(request, "privacy/glass.html", context, status=409 if form.errors else 200)


@access.require(access.may_erase)
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest) -> HttpResponseBase:
    """Erases a person's identifying data and words, where the law lets it be."""
    account, at = access.account_of(request), clock.now(request)
    form, done = ErasureForm(request.POST or None), False
    if request.method == "POST" and form.is_valid():
        try:
            erasure.erase(form.cleaned_data["key"], account.key, at)
            form, done = ErasureForm(), True
        except Complaint as refusal:
            form.add_error(None, str(refusal))
    return render(request, "privacy/erase.html", {"form": form, "done": done}, status=409 if form.errors else 200)
