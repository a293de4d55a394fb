"""The pages of structured therapy in a course."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.models import Course
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.people.models import Account
from unstuck.clinic.therapy import actions, structures
from unstuck.clinic.therapy.forms import ItemForm, Place, SessionForm
from unstuck.clinic.therapy.listing import items
from unstuck.clinic.therapy.pages import Words, therapy_page
from unstuck.core.errors import Complaint
from unstuck.core.therapy import Therapy


@access.require(access.may_see_therapy)
@require_GET
def therapy(request: HttpRequest, key: str) -> HttpResponseBase:
    """The sessions and lists of one course. Reading them is an entry."""
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.allow(request, access.may_see_course, row), clock.now(request)
    note_reading(account, row.key, "therapy", at)
    loaded = queries.load(row)
    kept = {step.key: structures.fitting(step.activity) for step in loaded.protocol.steps}
    page = therapy_page(loaded, _name(account, row), kept, _words(row), at, clock.zone())
    cards = [(card, [(each, ItemForm(each.listing.item)) for each in card.lists]) for card in page.cards]
    writes = access.may_record_therapy(account) and not row.ended_at
    return render(request, "therapy/therapy.html", {"page": page, "row": row, "cards": cards, "writes": writes})


@access.require(access.may_record_therapy)
@require_http_methods(["GET", "POST"])
def record(request: HttpRequest, key: str, step: str, occurrence: int, kind: str) -> HttpResponseBase:
    """The form of one session, kept in the structure `kind`."""
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.allow(request, access.may_see_course, row), clock.now(request)
    loaded = queries.load(row)
    fitting = structures.fitting(loaded.protocol.step(step).activity) if loaded.protocol.has(step) else ()
    structure = next((one for one in fitting if one.key == kind), None)
    if structure is None:
        raise Http404(kind)
    form = SessionForm(loaded, structure, Place(step, occurrence), at, request.POST or None)
    form.rate(items(loaded.state, structure, _words(row).items))
    if request.method == "POST" and form.is_valid() and _record(row, structure, form, account):
        return redirect("therapy:therapy", key=row.key)
    context = {"form": form, "row": row, "name": _name(account, row), "therapy": structure}
    context["title"] = f"{loaded.protocol.step(step).title} {occurrence}"
    return render(request, "therapy/record.html", context, status=409 if form.errors else 200)


def _record(row: Course, structure: Therapy, form: SessionForm, account: Account) -> bool:
    told = form.cleaned_data
    entry = Entry(account.key, told["observed"], form.at, told["summary"], told["entry"])
    try:
        actions.record_session(row, structure, form.told(), entry)
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@access.require(access.may_record_therapy)
@require_POST
def item(request: HttpRequest, key: str, kind: str, listing: str) -> HttpResponseBase:
    """Puts something on a list of the therapy."""
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.allow(request, access.may_see_course, row), clock.now(request)
    structure = structures.known().get(kind)
    form = ItemForm("", request.POST)
    if structure is None or not form.is_valid():
        return render(request, "therapy/refused.html", {"row": row, "form": form}, status=409)
    told = form.cleaned_data
    try:
        actions.list_item(row, structure, listing, Entry(account.key, at, at, told["words"], told["entry"]))
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return render(request, "therapy/refused.html", {"row": row, "form": form}, status=409)
    return redirect("therapy:therapy", key=row.key)


def _name(account: Account, row: Course) -> str:
    return row.person.name if access.may_see_names(account) else row.key


def _words(row: Course) -> Words:
    return Words(queries.words_of(row, "TherapyItemListed"), queries.words_of(row, "TherapyRecorded"))
