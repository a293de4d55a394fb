"""The phone's pages behind a signed link, and what staff send and enter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from unstuck.clinic import clock
from unstuck.clinic.assessment import actions
from unstuck.clinic.assessment.models import Link
from unstuck.clinic.assessment.pages import answer_page, answers_from, posted_screen, question, screens
from unstuck.clinic.assessment.wording import wording_of
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.own import answerable
from unstuck.clinic.people import access
from unstuck.clinic.people.knocks import knock, knocks
from unstuck.core.assessment import Answer, shown_items
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument
from unstuck.core.veil import UNMASKING

DOOR, GUESSES = "link", 300  # dead links an hour and network address (a clinic shares one), before none is looked up


@access.open_to_all("a signed, expiring token that can write answers and read nothing")
@never_cache
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, signed: str) -> HttpResponseBase:
    """One group of questions; posting it goes to the next, and the last one sends everything."""
    at = clock.now(request)
    try:
        link = _found(request, signed, at)
        reminder = _take(request, link, at) if request.method == "POST" else 0
        page = answer_page(link, reminder)
        if page is None:
            return redirect("assessment:now" if actions.finish(link, at) else "assessment:thanks")
    except Complaint as gone:
        told = {"why": gone.what, "mend": gone.mend, "sent": request.method == "POST"}
        return render(request, "assessment/gone.html", told, status=410)
    if request.method == "POST" and not reminder:
        return redirect("assessment:answer", signed=signed)
    return render(request, "assessment/answer.html", {"page": page})


def _found(request: HttpRequest, signed: str, at: datetime) -> Link:
    """The link behind the token. Raises LinkGone, also for whoever has tried many that were none."""
    if knocks(request, DOOR) > GUESSES:
        raise actions.LinkGone(_("This was tried many times from here. Try again in an hour, or call us."))
    try:
        return actions.find_link(signed, at)
    except actions.LinkGone:
        knock(request, DOOR)
        raise


def _take(request: HttpRequest, link: Link, at: datetime) -> int:
    """Keeps what was posted and turns the page; the number of open questions where it asks for them once more.

    What is sent from a page that the browser's own back button brought up again belongs to that page, not to the next.
    """
    page = posted_screen(link, request.POST.get("screen", ""))
    if page is None:
        return 0
    screen = screens(link)[: page + 1][-1]
    answers = answers_from(dict(request.POST.lists()), screen.items)
    if "back" in request.POST:
        actions.keep_answers(link, screen.instrument.key, answers, max(0, page - 1), at)
        return 0
    known = set(actions.waiting(link, screen.instrument.key)) | set(answers)
    missing = sum(1 for item in screen.items if item.key not in known and not item.optional)
    ask_again = missing > 0 and "anyway" not in request.POST
    actions.keep_answers(link, screen.instrument.key, answers, page if ask_again else page + 1, at)
    return missing if ask_again else 0


@access.open_to_all("says thank you and shows nothing")
@require_http_methods(["GET"])
def thanks(request: HttpRequest) -> HttpResponseBase:
    """The receipt after the last answer."""
    return render(request, "assessment/thanks.html")


@access.open_to_all("says what to do at once and shows nothing")
@require_http_methods(["GET"])
def now(request: HttpRequest) -> HttpResponseBase:
    """The receipt after an answer that needs a person: what to do now, before anybody here has read it."""
    return render(request, "assessment/now.html")


@access.require(access.may_send_link)
@require_http_methods(["GET", "POST"])
def send(request: HttpRequest, key: str) -> HttpResponseBase:
    """Make a link to the questions of a step, send it by e-mail where there is one, and show it for a tablet."""
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.allow(request, access.may_see_course, row), clock.now(request)
    context: dict[str, Any] = {"row": row, "place": request.GET.get("step", "")}
    if request.method == "POST":
        try:
            signed = actions.make_link(row, _place(request.POST.get("step", "")), account.key, at)
            address = request.build_absolute_uri(reverse("assessment:answer", args=[signed]))
            context |= {"address": address, "sent": actions.send_link(row, address, at)}
        except Complaint as refusal:
            context["refusal"] = refusal
    return render(request, "assessment/send.html", context, status=409 if "refusal" in context else 200)


@access.require(access.is_patient)
@require_http_methods(["POST"])
def mine(request: HttpRequest, key: str) -> HttpResponseBase:
    """A patient who has signed in answers the own questions, behind a link of the same kind as any other."""
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.allow(request, access.is_own, row), clock.now(request)
    step = request.POST.get("step", "")
    if step not in answerable(queries.load(row), at, clock.zone()):
        return redirect("course:course", key=row.key)
    try:
        signed = actions.make_link(row, _place(step), account.key, at)
    except Complaint:  # such as wording that the site has not loaded
        return render(request, "assessment/gone.html", {"why": _("We cannot ask you here yet.")}, status=409)
    return redirect("assessment:answer", signed=signed)


def _place(text: str) -> actions.Place:
    step, _colon, number = text.rpartition(":")
    if not step or not number.isdigit():
        raise actions.NothingToAsk("No step was chosen.", mend="Open this page from the course.")
    return actions.Place(step, int(number))


@access.require(access.is_staff)
@require_http_methods(["GET", "POST"])
def rated(request: HttpRequest, key: str) -> HttpResponseBase:
    """What a clinician rates for a step, all on one page; what was typed stands again where it was refused."""
    row = get_object_or_404(queries.everyone(), key=key)
    account, at = access.allow(request, access.may_answer, row), clock.now(request)
    name = row.person.name if access.may_see_names(account) else row.key
    asked, scale = (request.POST.get(word) or request.GET.get(word, "") for word in ("step", "scale"))
    context: dict[str, Any] = {"row": row, "name": name, "place": asked, "scale": scale}
    try:
        place = None if scale else _place(asked)
        wanted = actions.asked_of(row, place, "clinician") if place else actions.rated_alone(row, scale)
        sheets = [(i, _posted(request, i)) for i in wanted]
        if {i.key for i, _answers in sheets} & UNMASKING and not access.may_rate_bedside(account, row):
            access.refuse(request, "may_rate_bedside")
        context["open"] = sum(_open(i, answers) for i, answers in sheets) if request.method == "POST" else 0
        context["sheets"] = [_sheet(i, answers, row.simulated) for i, answers in sheets]
        if request.method == "POST" and (not context["open"] or "anyway" in request.POST):
            actions.complete(row, place, sheets, Entry(account.key, at, at))
            return redirect("course:course", key=row.key)
    except Complaint as refusal:
        context["refusal"] = refusal
    return render(request, "assessment/rated.html", context, status=409 if "refusal" in context else 200)


def _posted(request: HttpRequest, instrument: Instrument) -> dict[str, Answer]:
    """The answers of one instrument on a page that may hold several."""
    prefix = f"{instrument.key}."
    own = {k.removeprefix(prefix): v for k, v in request.POST.lists() if k.startswith(prefix)}
    return actions.without_idle_noes(instrument, answers_from(own, instrument.items))


def _open(instrument: Instrument, answers: Mapping[str, Answer]) -> int:
    """How many questions that are asked, given the answers, have none."""
    return sum(1 for item in shown_items(instrument, answers) if not item.optional and item.key not in answers)


def _sheet(instrument: Instrument, answers: Mapping[str, Answer], simulated: bool) -> dict[str, object]:
    wording = wording_of(instrument, simulated)
    count = len(instrument.items)
    rows = [question(item, wording, n, count) for n, item in enumerate(instrument.items, 1)]
    said = {item.key: wording.texts.get(item.key, item.label) for item in instrument.items}
    after = {item.key: said[item.show_if.item] for item in instrument.items if item.show_if}
    filled = [replace(row, given=_number(answers.get(row.name)), after=after.get(row.name, "")) for row in rows]
    return {"prefix": f"{instrument.key}.", "title": instrument.title, "demo": wording.demo, "questions": filled}


def _number(answer: Answer) -> float | None:
    return answer if isinstance(answer, int | float) else None
