"""The stock's pages: what is there, what came, what went, and who saw it."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.custody import actions, proposals, queries, receiving
from unstuck.clinic.custody.acts import Signed, chain_of, standing
from unstuck.clinic.custody.amounts import parts_of
from unstuck.clinic.custody.cosign import second_person
from unstuck.clinic.custody.forms import AsideForm, DrawingForm, ProductForm, ReceiptForm, SignedForm, WasteForm
from unstuck.clinic.custody.models import SAFE, Container, Drawing, Lot, Reason
from unstuck.clinic.custody.pages import drawing_row, lot_page, stock_page
from unstuck.clinic.custody.sheet import day_sheet
from unstuck.clinic.custody.sheet_pdf import pdf
from unstuck.clinic.ledger.chain import SITE
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.people.models import Account
from unstuck.core.errors import Complaint


@access.require(access.may_see_stock)
@require_GET
def stock(request: HttpRequest) -> HttpResponseBase:
    """Every lot with its balance, open discrepancies, and drawings that nobody has accounted for."""
    counted = [found for place in queries.locations() if (found := queries.last_count(place))]
    account, at = access.account_of(request), clock.now(request)
    page = stock_page(account, at, min(counted, default=None))
    return render(request, "custody/stock.html", {"page": page})


@access.require(access.may_see_stock)
@require_GET
def lot(request: HttpRequest, key: str) -> HttpResponseBase:
    """One lot and its history. It names courses by their keys, so that reading it is an entry."""
    account, at = access.account_of(request), clock.now(request)
    note_reading(account, SITE, "stock_lot", at)
    context = {"page": lot_page(_lot(key), account, at), "aside_act": uuid.uuid4().hex}
    return render(request, "custody/lot.html", context)


@access.require(access.may_keep_stock)
@require_http_methods(["GET", "POST"])
def product(request: HttpRequest) -> HttpResponseBase:
    """A product that may be received from now on."""
    form = ProductForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        signed = sign(request, form)
        if signed and _done(form, lambda: receiving.list_product(form.product(), signed, clock.now(request))):
            messages.success(request, _("Listed. It can be received now."))
            return redirect("custody:receive")
    return _form(request, form, _("List a product"), _("List it"))


@access.require(access.may_keep_stock)
@require_http_methods(["GET", "POST"])
def receive(request: HttpRequest) -> HttpResponseBase:
    """A delivery."""
    form = ReceiptForm(request.POST or None, location=SAFE)
    if request.method == "POST" and form.is_valid():
        if _stands(form, form.cleaned_data["location"]):
            return redirect("custody:stock")
        signed = sign(request, form)
        if signed and _done(form, lambda: receiving.receive(form.receipt(), signed, clock.now(request))):
            messages.success(request, _("Received, under two names."))
            return redirect("custody:stock")
    return _form(request, form, _("Receive a delivery"), _("Receive it"))


@access.require(access.may_waste_drug)
@require_http_methods(["GET", "POST"])
def waste(request: HttpRequest, key: str) -> HttpResponseBase:
    """Waste from one container of a lot, before a second person's eyes."""
    account, shown = access.account_of(request), _lot(key)
    held = list(Container.objects.filter(lot=shown, left__gt=0))
    form = WasteForm(shown, held, request.POST or None)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["number"]
        place = next(one.location for one in held if one.number == number)
        if _stands(form, place) or (form.asks and _ask(request, form, shown, place)):
            messages.success(request, _("Waits for a colleague.") if form.asks else _("Wasted, under two names."))
            return redirect("custody:lot", key=key)
        signed = None if form.asks else sign(request, form)
        if signed and _done(form, lambda: actions.waste(_waste(form, shown, place, signed), clock.now(request))):
            messages.success(request, _("Wasted, under two names."))
            return redirect("custody:lot", key=key)
    title = _("Waste from %(lot)s") % {"lot": queries.face(shown, account).name}
    return _form(request, form, title, _("Waste it"), asks=True)


def _ask(request: HttpRequest, form: WasteForm, shown: Lot, place: str) -> bool:
    """Whether the waste now waits for a colleague."""
    told, signed = form.cleaned_data, Signed(form.cleaned_data["act"], access.account_of(request))

    def propose() -> None:
        parts = parts_of(shown.form, told["amount"])
        wanted = proposals.Proposed(shown, parts, Reason(told["reason"]), told["number"], location=place)
        proposals.propose(wanted, signed, clock.now(request))

    return _done(form, propose)


def _waste(form: WasteForm, shown: Lot, place: str, signed: Signed) -> actions.Waste:
    told = form.cleaned_data
    assert signed.witness is not None
    return actions.Waste(
        act=signed.act,
        lot=shown,
        number=told["number"],
        amount=told["amount"],
        reason=Reason(told["reason"]),
        actor=signed.actor,
        witness=signed.witness,
        location=place,
    )


@access.require(access.may_draw_drug)
@require_http_methods(["GET", "POST"])
def drawing(request: HttpRequest, act: str) -> HttpResponseBase:
    """What became of a drawing."""
    account = access.account_of(request)
    shown = get_object_or_404(Drawing.objects.select_related("lot__product"), act=act)
    form = DrawingForm(shown, request.POST or None)
    sent = request.method == "POST" and form.is_valid()
    if sent and (_stands(form, shown.location) or _account_for(request, form, shown, account)):
        messages.success(request, _("Recorded."))
        return redirect("custody:stock")
    row = drawing_row(shown, account, queries.names_of({shown.drawn_by}))
    return _form(request, form, _("What became of a drawing"), _("Record it"), row=row, asks=True)


def _account_for(request: HttpRequest, form: DrawingForm, shown: Drawing, account: Account) -> bool:
    """Waste first, then what was given: the waste's own act is the form's, and the other follows from it."""
    told, at = form.cleaned_data, clock.now(request)
    act = told["act"]
    if told["wasted"] and form.asks:
        if not _done(form, lambda: _propose_rest(form, shown, Signed(act, account), at)):
            return False
    elif told["wasted"]:
        signed = sign(request, form)
        if signed is None or signed.witness is None:
            return False
        rest = (act, shown.act, told["wasted"], Reason(told["reason"]), account, signed.witness)
        if not _done(form, lambda: actions.waste_rest(actions.WasteRest(*rest), at)):
            return False
    if not told["given"]:
        return True
    given = actions.Give(f"{act}.given" if told["wasted"] else act, shown.act, told["given"], account)
    return _done(form, lambda: actions.give(given, at))


def _propose_rest(form: DrawingForm, shown: Drawing, signed: Signed, at: datetime) -> None:
    """The waste of the rest waits for a colleague."""
    parts = parts_of(shown.lot.form, form.cleaned_data["wasted"])
    reason = Reason(form.cleaned_data["reason"])
    wanted = proposals.Proposed(shown.lot, parts, reason, drawing=shown.act, location=shown.location)
    proposals.propose(wanted, signed, at)


@access.require(access.may_keep_stock)
@require_POST
def aside(request: HttpRequest, key: str) -> HttpResponseBase:
    """Set a lot aside, so that nothing is drawn from it, or release it."""
    form, shown = AsideForm(request.POST), _lot(key)
    if form.is_valid():
        signed = Signed(form.cleaned_data["act"], access.account_of(request))
        for place in sorted({one.location for one in shown.containers.all()}):
            receiving.set_aside(shown, form.cleaned_data["aside"], signed, clock.now(request), place)
    return redirect("custody:lot", key=key)


@access.require(access.may_keep_stock)
@require_GET
def sheet(request: HttpRequest, location: str, day: str) -> HttpResponseBase:
    """The day sheet as a PDF."""
    try:
        on = date.fromisoformat(day)
    except ValueError:
        return HttpResponse(status=404)
    account, at = access.account_of(request), clock.now(request)
    chain = entries(chain_of(location))
    names = queries.names_of({entry.actor for entry in chain} | queries.witnesses(chain))
    drawn = pdf(day_sheet(location, on, chain, names, clock.zone()), settings.UNSTUCK_SITE_NAME)
    note_reading(account, SITE, "stock_sheet", at)
    name = f"stock-{location}-{on.isoformat()}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(drawn, content_type="application/pdf", headers=headers)


def sign(request: HttpRequest, form: SignedForm) -> Signed | None:
    """Both people of the form's act; None where the second one was refused, which the form then says."""
    actor = access.account_of(request)
    try:
        witness = second_person(request, actor, form.credentials())
    except Complaint as refusal:
        form.add_error("second_username", str(refusal))
        return None
    return Signed(form.cleaned_data["act"], actor, witness)


def _done(form: SignedForm, do: object) -> bool:
    """Whether the act was taken; a refusal is said in the form."""
    assert callable(do)
    try:
        do()
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _stands(form: SignedForm, location: str) -> bool:
    """Whether this very form was taken before: the second tap of two."""
    return standing(location, form.cleaned_data["act"]) is not None


def _lot(key: str) -> Lot:
    return get_object_or_404(queries.lots(), key=key)


def _form(request: HttpRequest, form: SignedForm, title: str, does: str, **more: object) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, "custody/form.html", {"form": form, "title": title, "does": does, **more}, status=status)
