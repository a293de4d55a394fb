"""Pages of screening."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.assessment.actions import send_link
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import everyone
from unstuck.clinic.ledger import queries as ledger
from unstuck.clinic.pathway import asking, screening, trauma
from unstuck.clinic.pathway.doors import doors
from unstuck.clinic.pathway.looked import Screened, screened
from unstuck.clinic.pathway.scales import link_to_scales
from unstuck.clinic.pathway.screening_page import Reader, screening_page
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.people.models import Account
from unstuck.clinic.people.queries import display_names
from unstuck.core.errors import Complaint

DECISIONS = ("screening.decided", "screening.taken_back")


def course_for(request: HttpRequest, key: str, page: str) -> tuple[Course, Account]:
    """The course, where this account may see its screening; reading it is an entry."""
    row = get_object_or_404(everyone(), key=key)
    account = access.allow(request, access.may_see_screening, row)
    note_reading(account, row.key, page, clock.now(request))
    return row, account


@access.require(access.is_care)
@require_GET
def screen(request: HttpRequest, key: str) -> HttpResponseBase:
    """Every rule with its finding, what is open, and the decision."""
    row, account = course_for(request, key, "screening")
    return _show(request, screened(row, clock.now(request)), account)


def _show(
    request: HttpRequest,
    now: Screened,
    account: Account,
    form: asking.DecideForm | None = None,
    event: asking.TraumaForm | None = None,
) -> HttpResponse:
    """The page, with the decision's form where this account may decide."""
    decided = tuple(e for e in ledger.entries(now.loaded.row.key) if e.kind in DECISIONS)[::-1]
    may_decide = access.may_decide_screening(account) and now.loaded.row.ended_at is None
    called = trauma.described(now.loaded.row)
    names = display_names({e.actor for e in decided} | {one.by for one in called})
    reader = Reader(names, clock.zone(), may_decide, doors(account, now.loaded.row))
    form = form or (asking.DecideForm(now) if may_decide else None)
    may_ask = access.may_screen(account) and now.loaded.row.ended_at is None
    event_form = (event or asking.TraumaForm()) if may_ask else None
    context = {"page": screening_page(now, decided, called, reader), "form": form, "event": event_form}
    wrong = (form and form.errors) or (event and event.errors)
    return render(request, "pathway/screening.html", context, status=409 if wrong else 200)


@access.require(access.may_screen)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, key: str, part: str) -> HttpResponseBase:
    """One part of the questionnaire, and its receipt."""
    if part not in asking.PARTS:
        raise Http404(part)
    row, account = course_for(request, key, "screening")
    at = clock.now(request)
    now, chosen = screened(row, at), asking.PARTS[part]
    rows = chosen.rows(now)
    form = asking.PartForm(rows, now.looked.today, request.POST or None)
    if request.method == "POST" and form.is_valid() and _answered(row, form, account, request):
        return redirect("pathway:screening", key=row.key)
    context = {"row": row, "form": form, "title": chosen.title, "rows": rows}
    return render(request, "pathway/ask.html", context, status=409 if form.errors else 200)


def _answered(row: Course, form: asking.PartForm, account: Account, request: HttpRequest) -> bool:
    """Whether the answers were stated; a refusal stands on the form, and then none was."""
    at, told = clock.now(request), form.cleaned_data
    try:
        if not access.may_decide_screening(account) and any(_judged(value) for _fact, value in form.told()):
            access.refuse(request, "may_decide_screening")
        screening.answer(row, form.told(), Entry(account.key, at, at, told["words"], told["entry"]))
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@access.require(access.may_screen)
@require_http_methods(["POST"])
def describe(request: HttpRequest, key: str) -> HttpResponseBase:
    """The index trauma is called so from now on."""
    row, account = course_for(request, key, "screening")
    form = asking.TraumaForm(request.POST)
    if form.is_valid():
        try:
            trauma.describe(row, form.cleaned_data["event"], account.key, clock.now(request))
            return redirect("pathway:screening", key=row.key)
        except Complaint as refusal:
            form.add_error("event", str(refusal))
    return _show(request, screened(row, clock.now(request)), account, event=form)


def _judged(value: object) -> bool:
    """Whether an answer is a prescriber's judgement of a test."""
    return str(value).startswith(("accepted:", "waived:"))


@access.require(access.may_screen)
@require_POST
def scales(request: HttpRequest, key: str) -> HttpResponseBase:
    """Makes the link to the scales that the rules read and the person has not answered, and sends it where it can."""
    row, account = course_for(request, key, "screening")
    at, context = clock.now(request), {"row": row, "screening": True}
    try:
        signed = link_to_scales(screened(row, at), account.key, at)
        address = request.build_absolute_uri(reverse("assessment:answer", args=[signed]))
        context |= {"address": address, "sent": send_link(row, address, at)}
    except Complaint as refusal:
        context["refusal"] = refusal
    return render(request, "assessment/send.html", context, status=409 if "refusal" in context else 200)


@access.require(access.may_decide_screening)
@require_http_methods(["POST"])
def decide(request: HttpRequest, key: str) -> HttpResponseBase:
    """The decision, signed with the password; nothing is decided where the form is refused."""
    row, account = course_for(request, key, "screening")
    at = clock.now(request)
    now = screened(row, at)
    form = asking.DecideForm(now, request.POST)
    if form.is_valid():
        try:
            screening.decide(row, form.decision(), account, form.cleaned_data["password"], at)
            return redirect("pathway:screening", key=row.key)
        except Complaint as refusal:
            form.add_error(None, str(refusal))
    return _show(request, now, account, form)
