"""The page on which a colleague signs a waste from their own session."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.custody import proposals, queries
from unstuck.clinic.custody.cosign import Credentials, second_person
from unstuck.clinic.custody.forms import OwnSignatureForm
from unstuck.clinic.custody.models import Proposal
from unstuck.clinic.custody.pages import proposal_row
from unstuck.clinic.people import access, second_factor
from unstuck.clinic.people.models import Account
from unstuck.core.errors import Complaint


@access.require(access.may_witness_drug)
@require_http_methods(["GET", "POST"])
def proposal(request: HttpRequest, act: str) -> HttpResponseBase:
    """What is proposed, and the signature of who looks at it: their own password once more, and their code."""
    shown, account = _proposal(act), access.account_of(request)
    form = OwnSignatureForm(request.POST or None, coded=second_factor.asked(account))
    if request.method == "POST" and form.is_valid() and _signed(request, form, shown, account):
        messages.success(request, _("Signed. It is wasted, under two names."))
        return redirect("custody:stock")
    row = proposal_row(shown, account, queries.names_of({shown.actor}))
    context = {"row": row, "form": form}
    return render(request, "custody/proposal.html", context, status=422 if form.errors else 200)


def _signed(request: HttpRequest, form: OwnSignatureForm, shown: Proposal, account: Account) -> bool:
    told = Credentials(account.username, form.cleaned_data["password"], form.cleaned_data.get("code", ""))
    try:
        witness = second_person(request, get_object_or_404(Account, key=shown.actor), told)
        proposals.sign(shown, witness, clock.now(request))
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@access.require(access.may_waste_drug)
@require_POST
def take_back(request: HttpRequest, act: str) -> HttpResponseBase:
    """Who proposed it takes it back."""
    shown = _proposal(act)
    try:
        proposals.take_back(shown, access.account_of(request), clock.now(request))
    except Complaint:
        access.refuse(request, "take_back")
    return redirect("custody:stock")


def _proposal(act: str) -> Proposal:
    return get_object_or_404(Proposal.objects.select_related("lot__product"), act=act)
