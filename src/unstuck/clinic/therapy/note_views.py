"""The pages of private notes, and of the key that they are sealed with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.therapy import notes as private
from unstuck.clinic.therapy import vault
from unstuck.clinic.therapy.note_forms import HoldersForm, KeyBackForm, NoteForm, RecoveryForm
from unstuck.core.errors import Complaint


@access.require(access.may_keep_notes)
@never_cache
@require_http_methods(["GET", "POST"])
def notes(request: HttpRequest, key: str) -> HttpResponseBase:
    """The reader's own notes about a course, and a form for a new one."""
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.allow(request, access.may_see_course, row), clock.now(request)
    form = NoteForm(request.POST or None)
    context: dict[str, Any] = {"row": row, "form": form, "name": row.person.name or row.key}
    try:
        if request.method == "POST" and form.is_valid():
            private.keep(row, account, form.cleaned_data["words"], at)
            return redirect("therapy:notes", key=row.key)
        context["own"] = private.own_notes(row, account)
        context["others"] = private.opened_notes(row, account, at)
    except Complaint as refusal:
        context["refusal"] = refusal
    context["openings"] = private.openings_of(account, row)
    refused = bool(form.errors) or "refusal" in context
    return render(request, "therapy/notes.html", context, status=409 if refused else 200)


@access.require(access.may_keep_notes)
@require_POST
def discard(request: HttpRequest, note: str) -> HttpResponseBase:
    """Takes one of the reader's own notes away."""
    try:
        course = private.discard(note, access.account_of(request), clock.now(request))
    except Complaint:
        access.refuse(request, "author")
    return redirect("therapy:notes", key=course.key)


@access.require(access.may_recover_notes)
@never_cache
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest) -> HttpResponseBase:
    """Who holds the halves of the key, and what the two holders can do together."""
    account, at = access.account_of(request), clock.now(request)
    act = request.POST.get("act", "")
    acts: dict[str, tuple[Form, Callable[[Any, Account, datetime], object]]] = {
        "holders": (HoldersForm(request.POST if act == "holders" else None), _set_holders),
        "open": (RecoveryForm(request.POST if act == "open" else None), _open),
        "back": (KeyBackForm(request.POST if act == "back" else None), _put_back),
    }
    if act in acts and acts[act][0].is_valid() and _done(*acts[act], account, at):
        return redirect("therapy:keys")
    context = {name: form for name, (form, _do) in acts.items()}
    more = {"held_by": private.holders(), "there": vault.path().exists()}
    status = 409 if any(form.errors for form in context.values()) else 200
    return render(request, "therapy/keys.html", {**context, **more}, status=status)


def _done(form: Any, do: Callable[[Any, Account, datetime], object], account: Account, at: datetime) -> bool:
    try:
        do(form, account, at)
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _set_holders(form: HoldersForm, account: Account, at: datetime) -> None:
    first, second = form.both()
    private.set_holders(first, second, account, at)


def _open(form: RecoveryForm, account: Account, at: datetime) -> None:
    first, second = form.both()
    private.open_for(form.wanted(), first, second, account, at)


def _put_back(form: KeyBackForm, account: Account, at: datetime) -> None:
    first, second = form.both()
    private.restore_key(first, second, account, at)
