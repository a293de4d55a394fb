"""Pages of deciding on, release of information, and the one-page outcome."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import Loaded, everyone, load
from unstuck.clinic.criteria.actions import rules
from unstuck.clinic.pathway import disclosure
from unstuck.clinic.pathway.consents import Identity
from unstuck.clinic.pathway.deciding_page import Reader, deciding_page
from unstuck.clinic.pathway.doors import doors
from unstuck.clinic.pathway.summary_pdf import Audience, Heading, pdf
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.people.models import Account
from unstuck.core.deciding import deciding
from unstuck.core.errors import Complaint
from unstuck.core.instrument_file import load_instrument
from unstuck.core.summary import Summary, summarise


class ReleaseForm(forms.Form):
    """To whom, until when, and how we know that it is the person who says so."""

    to = forms.CharField(label=_("Name and address of the clinician"), max_length=300)
    until = forms.DateField(
        label=_("Until (last day)"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    identity = forms.ChoiceField(
        label=_("How you know who signs"),
        choices=[
            ("", "-"),
            ("passport", _("Passport seen")),
            ("id_card", _("Identity card seen")),
            ("licence", _("Driving licence seen")),
            ("known_to_staff", _("Known to me from earlier visits")),
        ],
    )


def _course(request: HttpRequest, key: str, page: str) -> tuple[Course, Account]:
    row = get_object_or_404(everyone(), key=key)
    account = access.allow(request, access.may_see_deciding, row)
    note_reading(account, row.key, page, clock.now(request))
    return row, account


@access.require(access.is_care)
@require_GET
def show(request: HttpRequest, key: str) -> HttpResponseBase:
    """What the plan's rules say of going on, and who outside may be told."""
    row, account = _course(request, key, "deciding")
    return _page(request, row, account, ReleaseForm())


def _page(request: HttpRequest, row: Course, account: Account, form: ReleaseForm) -> HttpResponse:
    loaded, at = load(row), clock.now(request)
    asked = deciding(loaded.protocol, loaded.state, rules(), at, clock.zone())
    reader = Reader(at, clock.zone(), doors(account, row))
    page = deciding_page(loaded, asked, summary_of(loaded, at), disclosure.allowed(row), reader)
    context = {"page": page, "form": form, "ends": access.may_change_course(account)}
    return render(request, "pathway/deciding.html", context, status=409 if form.errors else 200)


def summary_of(loaded: Loaded, at: Any) -> Summary:
    """The outcome of the course as it stands."""
    return summarise(loaded.protocol, loaded.state, load_instrument(loaded.protocol.curve), at, clock.zone())


@access.require(access.may_release_information)
@require_http_methods(["POST"])
def release(request: HttpRequest, key: str) -> HttpResponseBase:
    """One more release of information, or one that no longer stands."""
    row, account = _course(request, key, "release")
    at = clock.now(request)
    if request.POST.get("revoke"):
        disclosure.revoke(row, request.POST["revoke"], account.key, at)
        return redirect("pathway:deciding", key=row.key)
    form = ReleaseForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        try:
            disclosure.allow(row, told["to"], told["until"], Identity(told["identity"]), account.key, at)
            return redirect("pathway:deciding", key=row.key)
        except Complaint as refusal:
            form.add_error(None, str(refusal))
    return _page(request, row, account, form)


@access.require(access.is_care)
@require_GET
def summary(request: HttpRequest, key: str, audience: str) -> HttpResponseBase:
    """The one-page outcome; for others only by a release that stands. Making it is an entry."""
    if audience not in list(Audience):
        raise Http404(audience)
    row, account = _course(request, key, "summary")
    at, act = clock.now(request), request.GET.get("release", "")
    today = at.astimezone(clock.zone()).date()
    allowed = next((one for one in disclosure.allowed(row) if one.act == act and one.stands(today)), None)
    if Audience(audience) is Audience.OTHERS and allowed is None:
        access.refuse(request, "release_of_information")
    born = row.person.born_on.strftime("%-d %b %Y") if row.person.born_on else ""
    to = allowed.to if allowed and Audience(audience) is Audience.OTHERS else ""
    site = settings.UNSTUCK_SITE_NAME
    heading = Heading(row.person.name, born, site, at, clock.zone(), Audience(audience), to, row.blinded)
    page = pdf(summary_of(load(row), at), heading)
    disclosure.told(row, audience, page, account.key, at, act if to else "")
    answer = HttpResponse(page, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="outcome-{row.key}-{audience}.pdf"'
    return answer
