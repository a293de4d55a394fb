"""Counting, and the pages of a discrepancy."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.custody import counts, queries
from unstuck.clinic.custody.acts import Signed
from unstuck.clinic.custody.forms import ActForm, ClosingForm, CountForm, InvestigationForm, ReportForm
from unstuck.clinic.custody.models import SAFE, Container, Discrepancy, Lot, Outcome
from unstuck.clinic.custody.pages import discrepancy_row
from unstuck.clinic.custody.queries import Face
from unstuck.clinic.custody.views import sign
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.core.errors import Complaint


@access.require(access.may_keep_stock)
@require_http_methods(["GET", "POST"])
def count(request: HttpRequest) -> HttpResponseBase:
    """A count of every lot of a location by two people, who are not shown what the acts leave."""
    location = request.GET.get("location", SAFE)[:40]
    form = CountForm(_to_count(access.account_of(request), location), request.POST or None)
    if request.method == "POST" and form.is_valid() and _count(request, form, location):
        messages.success(request, _("Counted, under two names."))
        return redirect("custody:discrepancies")
    context = {"form": form, "title": _("Count the stock"), "does": _("Record the count"), "location": location}
    return render(request, "custody/count.html", context, status=422 if form.errors else 200)


def _to_count(account: Account, location: str) -> list[tuple[Lot, Face, list[Container]]]:
    """The lots that may hold something here, each with its containers."""
    held: dict[int, list[Container]] = {}
    for container in Container.objects.filter(location=location).order_by("lot", "number"):
        held.setdefault(container.lot_id, []).append(container)
    shown = [lot for lot in queries.lots().filter(pk__in=held) if any(one.left for one in held[lot.pk])]
    return [(lot, queries.face(lot, account), held[lot.pk]) for lot in shown]


def _count(request: HttpRequest, form: CountForm, location: str) -> bool:
    """Every lot counted in one transaction, each as an act of its own."""
    signed = sign(request, form)
    if signed is None:
        return False
    try:
        with transaction.atomic():
            for one in form.counts(location):
                own = Signed(f"{signed.act}.{one.lot.key}"[:64], signed.actor, signed.witness)
                counts.count(one, own, clock.now(request))
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@access.require(access.may_see_stock)
@require_GET
def discrepancies(request: HttpRequest) -> HttpResponseBase:
    """Every discrepancy: the open ones first."""
    account = access.account_of(request)
    rows = [discrepancy_row(each, account) for each in Discrepancy.objects.select_related("lot__product")]
    context = {
        "open": [row for row in rows if row.closed_at is None],
        "closed": [row for row in rows if row.closed_at],
        "counted_at": queries.last_count(SAFE),
        "keeps": access.may_keep_stock(account),
    }
    return render(request, "custody/discrepancies.html", context)


@access.require(access.may_see_stock)
@require_GET
def discrepancy(request: HttpRequest, key: str) -> HttpResponseBase:
    """One discrepancy: what was found, what was written, what is still to do."""
    return _page(request, _discrepancy(key))


@access.require(access.may_keep_stock)
@require_POST
def investigate(request: HttpRequest, key: str) -> HttpResponseBase:
    """Write down what was found out."""
    form, shown = InvestigationForm(request.POST), _discrepancy(key)
    if form.is_valid():
        told = form.cleaned_data
        return _do(request, shown, form, lambda s: counts.investigate(shown, told["body"], s, clock.now(request)))
    return _page(request, shown, form)


@access.require(access.may_keep_stock)
@require_POST
def report(request: HttpRequest, key: str) -> HttpResponseBase:
    """Enter under which reference it was reported."""
    form, shown = ReportForm(request.POST), _discrepancy(key)
    if form.is_valid():
        told = form.cleaned_data
        return _do(request, shown, form, lambda s: counts.report(shown, told["reference"], s, clock.now(request)))
    return _page(request, shown, form)


@access.require(access.may_keep_stock)
@require_POST
def close(request: HttpRequest, key: str) -> HttpResponseBase:
    """Close it, two people signing; the balance then follows the last count."""
    form, shown = ClosingForm(request.POST), _discrepancy(key)
    signed = sign(request, form) if form.is_valid() else None
    if signed is None:
        return _page(request, shown, form)
    try:
        counts.close(shown, Outcome(form.cleaned_data["outcome"]), signed, clock.now(request))
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return _page(request, shown, form)
    messages.success(request, _("Closed, under two names."))
    return redirect("custody:discrepancies")


def _do(request: HttpRequest, shown: Discrepancy, form: ActForm, act: object) -> HttpResponseBase:
    """One person's act on a discrepancy, then its page again."""
    assert callable(act)
    try:
        act(Signed(form.cleaned_data["act"], access.account_of(request)))
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return _page(request, shown, form)
    messages.success(request, _("Recorded."))
    return redirect("custody:discrepancy", key=shown.key)


def _page(request: HttpRequest, shown: Discrepancy, form: ActForm | None = None) -> HttpResponseBase:
    """The page with its forms; the one that was sent keeps what was typed and says what is wrong."""
    account = access.account_of(request)
    kinds = (InvestigationForm, ReportForm, ClosingForm)
    forms = [form if isinstance(form, kind) else kind() for kind in kinds]
    words = list(shown.words.all())
    context = {
        "row": discrepancy_row(shown, account),
        "words": [(each, queries.names_of({each.author}).get(each.author, each.author)) for each in words],
        "investigation": forms[0],
        "report": forms[1],
        "closing": forms[2],
        "keeps": access.may_keep_stock(account) and shown.closed_at is None,
        "reported_at": shown.reported_at,
    }
    return render(request, "custody/discrepancy.html", context, status=422 if form is not None else 200)


def _discrepancy(key: str) -> Discrepancy:
    return get_object_or_404(Discrepancy.objects.select_related("lot__product"), key=key)
