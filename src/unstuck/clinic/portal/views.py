"""A person's own pages. All but the exercises need a sign-in; each shows nobody else's things."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.messages.channels import EMAIL, TEXT
from unstuck.clinic.pathway import disclosure
from unstuck.clinic.pathway.consents import withdraw
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.portal import check_ins, feedback
from unstuck.clinic.portal.agreed import agreed
from unstuck.clinic.portal.curve import own_curve
from unstuck.clinic.portal.door import own
from unstuck.clinic.portal.home import course_of, home_page
from unstuck.clinic.portal.models import Choices
from unstuck.clinic.portal.readers import kinds_of, outside, readings_of
from unstuck.clinic.portal.summary import on_paper, own_summary
from unstuck.core.errors import Complaint


@own
@require_GET
def home(request: HttpRequest) -> HttpResponseBase:
    """What is next, what to do before, and doors to the rest."""
    account = access.account_of(request)
    course = course_of(account.person_id)
    if course is None:
        return render(request, "portal/nothing.html")
    return render(request, "portal/home.html", {"page": home_page(course, clock.now(request), clock.zone())})


@own
@require_POST
def check_in(request: HttpRequest) -> HttpResponseBase:
    """A link to an open check-in, of the same kind as any other; where it is closed by now, back to the start."""
    account, at = access.account_of(request), clock.now(request)
    course = course_of(account.person_id)
    loaded = queries.load(course) if course else None
    opened = check_ins.open_now(loaded, at, clock.zone()) if loaded else ()
    occasion = next((c for c in opened if c.id == request.POST.get("occasion")), None)
    if course is None or occasion is None:
        return redirect("portal:home")
    _link, signed = check_ins.link_to(course, occasion, account.key, at)
    return redirect("assessment:answer", signed=signed)


@own
@require_http_methods(["GET", "POST"])
def visit(request: HttpRequest) -> HttpResponseBase:
    """How a visit was; it goes to somebody else than the therapist."""
    account, at = access.account_of(request), clock.now(request)
    course = course_of(account.person_id)
    loaded = queries.load(course) if course else None
    asked = feedback.visits_to_ask_of(loaded, at) if loaded else {}
    if loaded is not None and request.method == "POST":
        told = _told(request)
        about = told.get("visit") or next(iter(asked), "")
        if about in asked:
            feedback.give(loaded, about, told, at)
        return render(request, "portal/visit_done.html", {"given": feedback.was_given(loaded, about)})
    if not asked:
        return render(request, "portal/visit_done.html")
    visit, when = next(iter(asked.items()))
    questions = {"questions": feedback.questions(), "answers": tuple(enumerate(feedback.ANSWERS))}
    return render(request, "portal/visit.html", {**questions, "visit": visit, "when": when})


@own
@require_http_methods(["GET", "POST"])
def agreed_to(request: HttpRequest) -> HttpResponseBase:
    """What the person has agreed to, and the button that takes it back at once."""
    account, at = access.account_of(request), clock.now(request)
    course = course_of(account.person_id)
    if course is None:
        return redirect("portal:home")
    context: dict[str, Any] = {"entry": uuid.uuid4().hex}
    if request.method == "POST":
        try:
            withdraw(course, Entry(course.person.key, at, at, id=request.POST.get("entry", "")[:40]))
            return redirect("portal:agreed")
        except Complaint as refusal:
            context["refusal"] = refusal
    context["page"] = agreed(course, clock.zone())
    return render(request, "portal/agreed.html", context, status=409 if "refusal" in context else 200)


@own
@require_GET
def curve(request: HttpRequest) -> HttpResponseBase:
    """The own curve, explained."""
    course = course_of(access.account_of(request).person_id)
    shown = own_curve(queries.load(course), clock.zone()) if course else None
    return render(request, "portal/curve.html", {"curve": shown})


@own
@require_GET
def summary(request: HttpRequest) -> HttpResponseBase:
    """How it has gone, on one page: what changed, how sure that is, what is missing."""
    account = access.account_of(request)
    course = course_of(account.person_id)
    shown = own_summary(account, queries.load(course), clock.now(request), clock.zone()) if course else None
    return render(request, "portal/summary.html", {"summary": shown})


@own
@require_GET
def summary_paper(request: HttpRequest) -> HttpResponseBase:
    """The same as a PDF of one page, to keep or to show somebody. Making it is an entry."""
    account, at = access.account_of(request), clock.now(request)
    course = course_of(account.person_id)
    if course is None:
        return redirect("portal:summary")
    shown = own_summary(account, queries.load(course), at, clock.zone())
    page = on_paper(shown, course, settings.UNSTUCK_SITE_NAME)
    disclosure.told(course, "patient", page, account.key, at)
    answer = HttpResponse(page, content_type="application/pdf")
    answer["Content-Disposition"] = 'attachment; filename="my-summary.pdf"'
    return answer


@own
@require_GET
def readers(request: HttpRequest) -> HttpResponseBase:
    """Who can read what and by when, and who has read it."""
    account = access.account_of(request)
    course = course_of(account.person_id)
    context: dict[str, Any] = {"kinds": (), "readings": (), "outside": ()}
    if course:
        zone = clock.zone()
        context = {"kinds": kinds_of(course), "readings": readings_of(course, zone, account.key)}
        context["outside"] = outside(course, clock.now(request), zone)
    return render(request, "portal/readers.html", context)


@own
@require_POST
def reminders(request: HttpRequest) -> HttpResponseBase:
    """Reminders come, or come no more; by e-mail, or as text messages where the site can send them."""
    wanted: dict[str, Any] = {}
    if "reminders" in request.POST:
        wanted["reminders"] = request.POST["reminders"] == "1"
    if request.POST.get("channel") in (EMAIL, TEXT):
        wanted["channel"] = request.POST["channel"]
    Choices.objects.update_or_create(person_id=person_of(access.account_of(request)), defaults=wanted)
    return redirect("portal:doors")


@access.open_to_all("exercises that are the same for everybody, and crisis numbers; no person's data")
@require_GET
def ground(request: HttpRequest) -> HttpResponseBase:
    """Exercises that calm. They need no sign-in, and stay readable without a network once they were open."""
    return render(request, "portal/ground.html")


@access.open_to_all("the script that keeps the exercises; no person's data")
@require_GET
def keeper(_request: HttpRequest) -> HttpResponseBase:
    """The script that keeps the exercises on a device; served under their address, which it rules over."""
    text = (Path(__file__).parent / "static" / "portal" / "keeper.js").read_text(encoding="utf-8")
    return HttpResponse(text, content_type="text/javascript")


def person_of(account: Account) -> int:
    """The row of the person whose account this is; the rule of every page here has made sure that there is one."""
    assert account.person_id is not None
    return account.person_id


def _told(request: HttpRequest) -> dict[str, str]:
    return {key: str(value) for key, value in request.POST.items()}
