"""The page of training: exercises, and the record of who is able to do what."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from unstuck.clinic import clock
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account, Competence, Role
from unstuck.clinic.people.queries import display_names
from unstuck.clinic.training import record
from unstuck.clinic.training.forms import SigningForm
from unstuck.clinic.training.pages import TrainingPage, exercises, held, lacking
from unstuck.core.errors import Complaint


@access.require(access.may_see_training)
@require_GET
def training(request: HttpRequest) -> HttpResponseBase:
    """What one may practise, what is signed, and what the site demands and somebody lacks."""
    return _page(request, None)


@access.require(access.may_sign_competence)
@require_POST
def sign(request: HttpRequest) -> HttpResponseBase:
    """Signs a competence of a colleague."""
    account = access.account_of(request)
    form = SigningForm(account, request.POST)
    if form.is_valid():
        try:
            record.sign(form.signing(), account, clock.now(request))
            return redirect("training:training")
        except Complaint as refusal:
            form.add_error(None, str(refusal))
    return _page(request, form)


@access.require(access.may_sign_competence)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ends a competence of a colleague."""
    found = get_object_or_404(Competence.objects.select_related("account"), pk=pk)
    try:
        record.end(found, access.account_of(request), clock.now(request))
    except Complaint:
        access.refuse(request, "own_competence")
    return redirect("training:training")


def _page(request: HttpRequest, form: SigningForm | None) -> HttpResponseBase:
    account, at = access.account_of(request), clock.now(request)
    skills, demanded = record.skills(), set(settings.UNSTUCK_DEMANDED_SKILLS)
    rows = list(Competence.objects.select_related("account"))
    staff = Account.objects.filter(is_active=True, grants__isnull=False).exclude(grants__role=Role.PATIENT).distinct()
    page = TrainingPage(
        exercises(skills.values(), account, record.practised(account)),
        held(rows, skills, display_names({row.signed_by for row in rows}), demanded, at),
        lacking(staff, rows, skills, demanded, at),
    )
    signs = access.may_sign_competence(account)
    context = {"page": page, "form": form or (SigningForm(account) if signs else None), "me": account}
    return render(request, "training/training.html", context, status=409 if form else 200)
