"""Signing in and out, setting a password, and the accounts of a site."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import (
    LoginView,
    LogoutView,
    PasswordResetCompleteView,
    PasswordResetConfirmView,
    PasswordResetDoneView,
    PasswordResetView,
)
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people import access, actions, pending, queries, second_factor
from unstuck.clinic.people.forms import AccountForm, ForgottenForm, RolesForm, SignInForm
from unstuck.clinic.people.models import Account
from unstuck.clinic.people.pages import accounts_page


class SignIn(LoginView):
    template_name = "people/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Django would put the host's name in place of the site's."""
        context = super().get_context_data(**kwargs)
        context.pop("site_name")
        return context

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Signed in; or, where the account has or needs a second factor, asked for it first."""
        account, at = form.get_user(), clock.now(self.request)
        if second_factor.asked(account):
            pending.keep(self.request, account, self.get_success_url(), at)
            return redirect("people:code" if second_factor.is_enrolled(account) else "people:second_factor")
        response = super().form_valid(form)
        note("account.signed_in", account.key, at)
        return response


class SignOut(LogoutView):
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        note("account.signed_out", access.account_of(request).key, clock.now(request))
        return super().post(request, *args, **kwargs)


@access.require(access.is_anyone)
@require_POST
def typing(_request: HttpRequest) -> HttpResponse:
    """Somebody types in a page of this session: asked for each minute of it, which is activity as any request is."""
    return JsonResponse({"here": True})


class ForgottenPassword(PasswordResetView):
    template_name = "people/password_forgotten.html"
    email_template_name = "people/password_email.txt"
    subject_template_name = "people/password_subject.txt"
    success_url = reverse_lazy("people:password_sent")
    form_class = ForgottenForm


class PasswordSent(PasswordResetDoneView):
    template_name = "people/password_sent.html"


class NewPassword(PasswordResetConfirmView):
    template_name = "people/password_new.html"
    success_url = reverse_lazy("people:password_set")

    def form_valid(self, form: object) -> HttpResponse:
        response = super().form_valid(form)  # type: ignore[arg-type]
        note("account.password_set", cast(Account, self.user).key, clock.now(self.request))
        return response


class PasswordSet(PasswordResetCompleteView):
    template_name = "people/password_set.html"


@access.require(access.may_manage_accounts)
@require_http_methods(["GET", "POST"])
def accounts(request: HttpRequest) -> HttpResponseBase:
    """The list of accounts, and the form for a new one."""
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = actions.open_account(form.new_account(), access.account_of(request).key, clock.now(request))
        _send_password_link(request, made)
        return redirect("people:accounts")
    return render(request, "people/accounts.html", {"page": accounts_page(queries.accounts()), "form": form})


@access.require(access.may_manage_accounts)
@require_POST
def leaver(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """Somebody has left: the account and all its sessions end."""
    account = get_object_or_404(Account, pk=account_id)
    try:
        actions.leave(account, access.account_of(request).key, clock.now(request))
    except actions.NotYourself as refusal:
        context = {"page": accounts_page(queries.accounts()), "form": AccountForm(), "refusal": refusal}
        return render(request, "people/accounts.html", context, status=409)
    return redirect("people:accounts")


@access.require(access.may_manage_accounts)
@require_http_methods(["GET", "POST"])
def roles(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """Give an account other roles."""
    account = get_object_or_404(Account, pk=account_id, is_active=True, person=None)
    form = RolesForm(request.POST or None, initial={"roles": sorted(account.roles)})
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_roles(account, form.chosen(), access.account_of(request).key, clock.now(request))
            return redirect("people:accounts")
        except actions.NotYourself as refusal:
            form.add_error("roles", str(refusal))
    return render(request, "people/roles.html", {"name": account.display_name, "form": form})


@access.require(access.may_manage_accounts)
@require_POST
def password_link(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """Send the holder of an account a link to set a new password."""
    _send_password_link(request, get_object_or_404(Account, pk=account_id, is_active=True))
    return redirect("people:accounts")


@access.require(access.may_manage_accounts)
@require_POST
def forget_second_factor(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """Somebody has lost app and recovery codes: the account sets up a new second factor when it next signs in."""
    account = get_object_or_404(Account, pk=account_id, is_active=True)
    second_factor.forget(account, access.account_of(request).key, clock.now(request))
    return redirect("people:accounts")


def _send_password_link(request: HttpRequest, account: Account) -> None:
    form = ForgottenForm({"email": account.email})
    if form.is_valid():
        form.save(
            request=request,
            use_https=request.is_secure(),
            email_template_name=ForgottenPassword.email_template_name,
            subject_template_name=ForgottenPassword.subject_template_name,
        )
