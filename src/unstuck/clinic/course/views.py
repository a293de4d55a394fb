"""Pages of courses: the list, enrolment, one course, and one form a kind of entry."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from unstuck.clinic import clock
from unstuck.clinic.course import actions, forms, queries
from unstuck.clinic.course.enrolment import EnrolForm
from unstuck.clinic.course.listing import people_page
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.pages import Sight, course_page
from unstuck.clinic.course.said import said
from unstuck.clinic.course.sight import events_for, load_for, loaded_for
from unstuck.clinic.course.words import KIND_WORDS
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading, register_person
from unstuck.clinic.people.models import Account
from unstuck.core.errors import Complaint
from unstuck.core.events import Origin, canonical_json
from unstuck.core.instrument import Instrument
from unstuck.core.instrument_file import load_instrument


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of entry: who may make it, and its form."""

    rule: access.Rule
    form: type[forms.EntryForm]


KINDS: dict[str, Kind] = {
    "held": Kind(access.may_record_visit, forms.HeldForm),
    "consent": Kind(access.may_record_visit, forms.ConsentForm),
    "reading": Kind(access.may_record_reading, forms.ReadingForm),
    "fact": Kind(access.may_record_reading, forms.FactForm),
    "skip": Kind(access.may_record_visit, forms.SkipForm),
    "override": Kind(access.may_override_gate, forms.OverrideForm),
    "harm": Kind(access.may_note_harm, forms.HarmForm),
    "end": Kind(access.may_change_course, forms.EndForm),
}


@access.require(access.may_see_courses)
@require_GET
def people(request: HttpRequest) -> HttpResponseBase:
    """The list of courses, with names or pseudonyms, and a search."""
    account, at = access.account_of(request), clock.now(request)
    text = request.GET.get("q", "").strip()[:80]
    found = loaded_for(account, queries.search(text, access.may_see_names(account)))
    page = people_page(found, account, text, at, clock.zone())
    return render(request, "course/people.html", {"page": page})


@access.require(access.may_enrol)
@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponseBase:
    """Register a person and begin a course under a released version, whose hash is pinned."""
    account, at = access.account_of(request), clock.now(request)
    form = EnrolForm(account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            course = _begin(form, actions.Entry(account.key, at, at))
            return redirect("course:course", key=course.key)
        except Complaint as refusal:
            form.add_error(None, str(refusal))
    return render(request, "course/enrol.html", {"form": form}, status=400 if form.errors else 200)


def _begin(form: EnrolForm, entry: actions.Entry) -> Course:
    """The person, where they are not here yet, and the course; or neither."""
    release, arm = form.choice()
    with transaction.atomic():
        simulated = actions.origin() is Origin.SIMULATED
        person = form.same or register_person(form.identity(), entry.actor, entry.recorded_at, simulated=simulated)
        return actions.enrol(person, release, arm, entry)


@access.require(access.is_anyone)
@require_GET
def course(request: HttpRequest, key: str) -> HttpResponseBase:
    """One course, as far as the reader may see it. Reading it is an entry."""
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.allow(request, access.may_see_course, row), clock.now(request)
    if access.is_own(account, row):
        return redirect("portal:home")
    note_reading(account, row.key, "course", at)
    loaded = load_for(account, row)
    page = course_page(loaded, sight(account, row), _instrument(loaded.protocol.curve), at, clock.zone())
    more = {
        "therapy": access.may_see_therapy(account),
        "screening": access.may_see_screening(account, row),
        "consent": access.may_see_consent(account, row),
        "calendar": access.may_see_plan(account, row),
        "closed": access.may_break_glass(account) and not access.may_see_scores(account, row),
        "masked": access.may_unmask(account) and not access.may_see_arm(account, row),
        "deciding": access.may_see_deciding(account, row),
        "said": said(row, loaded.state, clock.zone()) if access.may_see_notes(account) else None,
    }
    return render(request, "course/course.html", {"page": page, **more})


def sight(account: Account, row: Course) -> Sight:
    """What this account sees of this course and may do in it."""
    acts = {name for name, kind in KINDS.items() if kind.rule(account)}
    if access.may_send_link(account):
        acts.add("link")
    if access.is_care(account) or access.may_answer(account, row):
        acts.add("rated")
    if access.is_care(account):
        acts.add("session")
    if access.may_book(account):
        acts.add("book")
    return Sight(
        names=access.may_see_name_of(account, row),
        scores=access.may_see_scores(account, row),
        arm=access.may_see_arm(account, row),
        acts=frozenset() if row.ended_at else frozenset(acts),
        bedside=access.may_rate_bedside(account, row),
        stated=access.may_see_screening(account, row),
    )


def _instrument(key: str) -> Instrument | None:
    try:
        return load_instrument(key)
    except Complaint:
        return None


@access.require(access.is_staff)
@require_http_methods(["GET", "POST"])
def record(request: HttpRequest, key: str, kind: str) -> HttpResponseBase:
    """The form of one kind of entry, and its receipt: nothing counts as saved before the ledger has it."""
    if kind not in KINDS:
        raise Http404(kind)
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.allow(request, access.may_see_course, row), clock.now(request)
    if not KINDS[kind].rule(account):
        access.refuse(request, KINDS[kind].rule.__name__)
    loaded = queries.load(row)
    form = KINDS[kind].form(loaded, at, request.POST or None, step=request.GET.get("step", ""))
    if request.method == "POST" and form.is_valid() and _write(row, form, account, request):
        return redirect("course:course", key=row.key)
    name = row.person.name if access.may_see_names(account) else row.key
    context = {"form": form, "row": row, "name": name, "title": KIND_WORDS[kind], "protocol": loaded.protocol}
    return render(request, "course/record.html", context, status=409 if form.errors else 200)


def _write(row: Course, form: forms.EntryForm, account: Account, request: HttpRequest) -> bool:
    """Whether everything on the form was recorded; a refusal stands on the form, and then nothing was."""
    at = clock.now(request)
    observed = form.cleaned_data.get("observed") or at
    base = form.cleaned_data["entry"]
    try:
        entries = [
            (
                what,
                actions.Entry(
                    account.key, observed, at, form.words(), uuid.uuid5(uuid.NAMESPACE_OID, f"{base}:{n}").hex
                ),
            )
            for n, what in enumerate(form.whats())
        ]
        actions.write_all(row, entries)
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@access.require(access.is_staff)
@require_GET
def export(request: HttpRequest, key: str) -> HttpResponseBase:
    """The course as events, one a line, for whoever may see answers and arm; without what is not theirs to know."""
    row = get_object_or_404(queries.everyone(), key=key)
    account = access.allow(request, access.may_see_answers, row)
    if not access.may_see_arm(account, row):
        access.refuse(request, "may_see_arm")
    note_reading(account, row.key, "export", clock.now(request))
    lines = b"".join(canonical_json(event) + b"\n" for event in events_for(account, row))
    response = HttpResponse(lines, content_type="application/jsonl")
    response["Content-Disposition"] = f'attachment; filename="{row.key}.jsonl"'
    return response
