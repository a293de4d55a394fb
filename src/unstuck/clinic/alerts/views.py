"""Alerts, the rota and the alert times as pages."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.alerts import actions, climb, rota
from unstuck.clinic.alerts import policy as times
from unstuck.clinic.alerts.forms import LeadForm, ShiftForm, SignForm, staff
from unstuck.clinic.alerts.models import Alert, Shift
from unstuck.clinic.alerts.pages import Reader, alert_page, knows, list_page
from unstuck.clinic.alerts.rota_page import rota_rows, times_page
from unstuck.clinic.ledger.chain import SITE
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.people.models import Account
from unstuck.clinic.people.queries import display_names
from unstuck.clinic.people.ways import is_of_this_site
from unstuck.core.errors import Complaint


@access.require(access.may_count_alerts)
@require_GET
def open_list(request: HttpRequest) -> HttpResponseBase:
    """Every open alert, or those nobody took, the reader's own first. Looking lets those climb whose time is over."""
    account, at = access.account_of(request), clock.now(request)
    climb.escalate_due(at)
    note_reading(account, SITE, "alerts", at)
    reader = Reader(account, at, clock.zone())
    rows, untaken = climb.open_alerts(), request.GET.get("untaken") == "yes"
    rows = rows.filter(taken_by=None) if untaken else rows
    page = list_page(rows, times.policy(), reader, rota.safety_lead(), rota.is_lead_named())
    return render(
        request, "alerts/open.html", {"page": page, "untaken": untaken, "duty": access.may_keep_rota(account)}
    )


@access.require(access.may_see_alerts)
@require_GET
def alert(request: HttpRequest, key: str) -> HttpResponseBase:
    """One alert with what was done. Reading it is an entry of its course."""
    account, at = access.account_of(request), clock.now(request)
    climb.escalate_due(at)
    row = _known_to(account, key)
    note_reading(account, row.chain_key, "alert", at)
    keys = {key for step in row.steps.all() for key in (step.actor, step.to)}
    reader = Reader(account, at, clock.zone())
    colleagues = [one for one in staff().exclude(pk=account.pk) if knows(one, actions.kind_of(row))]
    page = alert_page(row, times.policy(), reader, display_names(keys), colleagues)
    return render(request, "alerts/alert.html", {"page": page})


@access.require(access.may_see_alerts)
@require_POST
def do(request: HttpRequest, key: str, what: str) -> HttpResponseBase:
    """Take, act, hand on or close; then back to the page it was done on, which says so or why not."""
    account, at = access.account_of(request), clock.now(request)
    row = _known_to(account, key)
    code = request.POST.get("code", "")
    doing: dict[str, Callable[[], Alert]] = {
        "take": lambda: actions.take(key, account, at),
        "act": lambda: actions.act(key, account, code, at),
        "hand": lambda: actions.hand_on(key, account, _colleague(code, row), at),
        "close": lambda: actions.close(key, account, code, at),
    }
    if what not in doing:
        raise Http404
    try:
        doing[what]()
    except Complaint as refusal:
        messages.error(request, str(refusal))
    return redirect(_back(request, reverse("alerts:alert", args=[key])))


@access.require(access.may_keep_rota)
@require_http_methods(["GET", "POST"])
def rota_page(request: HttpRequest) -> HttpResponseBase:
    """Who is on duty now and next, and the form for a shift."""
    account, at = access.account_of(request), clock.now(request)
    form = ShiftForm(request.POST or None, at=at.astimezone(clock.zone()))
    if request.method == "POST" and form.is_valid():
        try:
            rota.set_shift(form.shift(), account.key, at)
            return redirect("alerts:rota")
        except Complaint as refusal:
            form.add_error(None, str(refusal))
    shown = Shift.objects.filter(ends_at__gt=at).select_related("account").order_by("starts_at", "id")
    page = rota_rows(shown, rota.safety_lead(), rota.is_lead_named(), at, clock.zone())
    may_name = access.may_name_lead(account)
    context = {"page": page, "form": form, "lead": LeadForm() if may_name else None}
    return render(request, "alerts/rota.html", context | {"alerts": access.may_see_alerts(account)})


@access.require(access.may_keep_rota)
@require_POST
def end_shift(request: HttpRequest, shift_id: int) -> HttpResponseBase:
    """The shift ends now."""
    rota.end_shift(get_object_or_404(Shift, pk=shift_id), access.account_of(request).key, clock.now(request))
    return redirect("alerts:rota")


@access.require(access.may_name_lead)
@require_POST
def lead(request: HttpRequest) -> HttpResponseBase:
    """Another safety lead."""
    form = LeadForm(request.POST)
    if form.is_valid():
        rota.name_lead(form.cleaned_data["account"], access.account_of(request).key, clock.now(request))
    return redirect("alerts:rota")


@access.require(access.may_keep_rota)
@require_http_methods(["GET", "POST"])
def alert_times(request: HttpRequest) -> HttpResponseBase:
    """The times that are in force, with their sources, and the form by which the site signs them."""
    account, at = access.account_of(request), clock.now(request)
    form = SignForm(request.POST or None)
    if request.method == "POST" and not access.may_name_lead(account):
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        try:
            times.sign(account, form.cleaned_data["password"], at)
            return redirect("alerts:times")
        except Complaint as refusal:
            form.add_error("password", str(refusal))
    in_force = times.in_force()
    names = display_names({in_force.signed.signed_by}) if in_force.signed else {}
    page = times_page(in_force, times.candidate(), names, clock.zone())
    context = {"page": page, "form": form if access.may_name_lead(account) else None}
    return render(request, "alerts/times.html", context | {"alerts": access.may_see_alerts(account)})


def _known_to(account: Account, key: str) -> Alert:
    """The alert, for those who may learn what it is about. Others are refused."""
    rows = Alert.objects.select_related("course__person", "course__release", "owner", "taken_by")
    row = get_object_or_404(rows.prefetch_related("steps"), key=key)
    if not knows(account, actions.kind_of(row)):
        raise PermissionDenied
    return row


def _colleague(code: str, row: Alert) -> Account:
    """Whoever the alert is to be handed to: an account in use that may learn what it is about."""
    found = get_object_or_404(Account, key=code, is_active=True)
    if not knows(found, actions.kind_of(row)):
        raise PermissionDenied
    return found


def _back(request: HttpRequest, default: str) -> str:
    """The page of this site that the form names, else the default."""
    wanted = request.POST.get("back", "")
    return wanted if is_of_this_site(wanted) else default
