"""Signing in with a second factor, and setting one up."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods

from unstuck.clinic import clock
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people import pending, second_factor
from unstuck.clinic.people.forms import CodeForm
from unstuck.clinic.people.models import Account

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponseBase:
    """The code after the password; with it the account is signed in."""
    account = pending.holder(request, clock.now(request))
    if account is None or not second_factor.is_enrolled(account):
        return redirect("people:sign_in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _taken(request, account, form):
        return _come_in(request, account)
    return render(request, "people/code.html", {"form": form})


@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponseBase:
    """Set up the second factor: after the password where the role needs one, or of one's own accord."""
    account = _holder(request)
    if account is None or second_factor.is_enrolled(account):
        return redirect("home" if request.user.is_authenticated else "people:sign_in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.finish(account, form.cleaned_data["code"], clock.now(request))
        except second_factor.WrongCode as refusal:
            form.add_error("code", str(refusal))
        else:
            return _show_codes(request, account, codes)
    told = second_factor.begin(account, clock.now(request))
    context = {"form": form, "letters": told.letters, "picture": mark_safe(told.svg)}
    return render(request, "people/second_factor.html", context)


def _holder(request: HttpRequest) -> Account | None:
    if isinstance(request.user, Account):
        return request.user
    return pending.holder(request, clock.now(request))


def _taken(request: HttpRequest, account: Account, form: CodeForm) -> bool:
    try:
        second_factor.confirm(account, form.cleaned_data["code"], clock.now(request))
    except second_factor.WrongCode as refusal:
        form.add_error("code", str(refusal))
        return False
    return True


def _come_in(request: HttpRequest, account: Account) -> HttpResponse:
    then = pending.then(request)
    login(request, account, backend=BACKEND)
    note("account.signed_in", account.key, clock.now(request))
    return redirect(then or "home")


def _show_codes(request: HttpRequest, account: Account, codes: tuple[str, ...]) -> HttpResponse:
    """The recovery codes, on the only page that ever shows them."""
    then = pending.then(request) or "/"
    if not request.user.is_authenticated:
        login(request, account, backend=BACKEND)
        note("account.signed_in", account.key, clock.now(request))
    return render(request, "people/recovery_codes.html", {"codes": codes, "then": then})
