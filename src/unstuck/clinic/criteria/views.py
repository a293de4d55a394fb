"""Pages of the rules of screening: those in force, another text put forward, and the signature."""

from __future__ import annotations

from dataclasses import replace

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.criteria import actions
from unstuck.clinic.criteria.models import SignedRules
from unstuck.clinic.criteria.pages import Waiting, rules_page
from unstuck.clinic.people import access
from unstuck.clinic.people.queries import display_names
from unstuck.core.errors import Complaint
from unstuck.core.screening_file import library_text, parse_screening

LARGEST = 500_000  # bytes of a file of rules; the library's has 13 000


class SignForm(forms.Form):
    """The password of whoever signs, and the hash of what they were shown."""

    shown = forms.CharField(widget=forms.HiddenInput, max_length=64)
    password = forms.CharField(
        label=_("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class FileForm(forms.Form):
    """The site's own rules as a TOML file."""

    file = forms.FileField(label=_("The site's own rules (TOML file)"))

    def text(self) -> str:
        """The file's text. Raises Complaint where it is none."""
        file = self.cleaned_data["file"]
        try:
            return str(file.read(LARGEST).decode("utf-8")).replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise Complaint("This is no text.", file.name, "Save it as TOML in UTF-8.") from None


@access.require(access.may_see_protocols)
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest) -> HttpResponseBase:
    """The rules in force with reason and source, and what waits. A prescriber signs it with the own password."""
    account = access.account_of(request)
    form = SignForm(request.POST or None)
    if request.method == "POST":
        if not access.may_sign_rules(account):
            access.refuse(request, "may_sign_rules")
        if form.is_valid():
            try:
                told = form.cleaned_data
                actions.sign(account, told["password"], told["shown"], clock.now(request))
                return redirect("criteria:rules")
            except Complaint as refusal:
                form.add_error(None, str(refusal))
    return _page(request, form)


def _page(request: HttpRequest, form: forms.Form | None = None, file: FileForm | None = None) -> HttpResponse:
    account = access.account_of(request)
    may_sign = access.may_sign_rules(account)
    signed = list(SignedRules.objects.all())
    names = display_names({one.signed_by for one in signed})
    page = rules_page(*_standing(), signed, names, clock.zone())
    if form is None or not form.is_bound:
        form = SignForm(initial={"shown": page.waiting})
    context = {"page": page, "form": form if may_sign and page.waiting else None, "duty": access.may_keep_rota(account)}
    context["file"] = (file or FileForm()) if may_sign else None
    wrong = form.errors or (file is not None and file.errors)
    return render(request, "criteria/rules.html", context, status=409 if wrong else 200)


def _standing() -> tuple[actions.InForce, Waiting]:
    """What is in force and what waits. Where the signed text was altered, the library's is shown beside the reason, so
    that rules can be signed anew."""
    try:
        return actions.in_force(), _waiting()
    except actions.RulesAltered as fault:
        return actions.of_library(), replace(_waiting(), lacking=str(fault))


def _waiting() -> Waiting:
    text, where = actions.candidate()
    own = where == actions.OWN
    try:
        return Waiting(parse_screening(text, where), where, own)
    except Complaint as fault:
        return Waiting(None, where, own, str(fault))


@access.require(access.may_sign_rules)
@require_POST
def put_forward(request: HttpRequest) -> HttpResponseBase:
    """Another text waits to be signed: the uploaded one, or the library's again. A faulty file changes nothing."""
    actor, at = access.account_of(request).key, clock.now(request)
    if request.POST.get("library"):
        actions.take_library(actor, at)
        return redirect("criteria:rules")
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            actions.put_forward(form.text(), actor, at)
            return redirect("criteria:rules")
        except Complaint as fault:
            form.add_error("file", str(fault))
    return _page(request, file=form)


@access.require(access.may_see_protocols)
@require_GET
def text(request: HttpRequest, number: int) -> HttpResponseBase:
    """One version as a file, byte for byte; 0 is the library's text, to begin an own one from."""
    found = SignedRules.objects.filter(number=number).first()
    if number and found is None:
        raise Http404(number)
    answer = HttpResponse(found.text if found else library_text(), content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="screening-{found.version if found else "library"}.toml"'
    return answer
