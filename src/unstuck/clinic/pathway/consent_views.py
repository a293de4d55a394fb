"""Pages of consent: the text that a site signs, what a person reads and signs, and taking it back in one step."""

from __future__ import annotations

import uuid

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import everyone
from unstuck.clinic.pathway import consents
from unstuck.clinic.pathway.consent_page import consent_page, text_page
from unstuck.clinic.pathway.consent_texts import issue
from unstuck.clinic.pathway.doors import doors
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.people.models import Account
from unstuck.core.consent_file import languages, load_consent
from unstuck.core.errors import Complaint
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import load_protocol, protocol_keys
from unstuck.core.tongue import ENGLISH_CODE


class SignForm(forms.Form):
    """The person's signature, witnessed by who is signed in."""

    entry = forms.CharField(widget=forms.HiddenInput, max_length=40)
    shown = forms.CharField(widget=forms.HiddenInput, max_length=64)
    language = forms.CharField(widget=forms.HiddenInput, max_length=8, required=False)
    confirmed = forms.MultipleChoiceField(
        label=_("The person says"), widget=forms.CheckboxSelectMultiple, required=False
    )
    identity = forms.ChoiceField(
        label=_("How you know who it is"),
        choices=[
            ("", "-"),
            ("passport", _("Passport seen")),
            ("id_card", _("Identity card seen")),
            ("licence", _("Driving licence seen")),
            ("known_to_staff", _("Known to me from earlier visits")),
        ],
    )
    name = forms.CharField(label=_("The person writes their full name"), max_length=200)

    def __init__(self, shown: str, language: str, data: object = None) -> None:
        first = {"entry": uuid.uuid4().hex, "shown": shown, "language": language}
        super().__init__(data, initial=first)  # type: ignore[arg-type]
        confirm = [(one.key, one.words) for one in load_consent(language=language).confirm]
        self.fields["confirmed"].choices = confirm  # type: ignore[attr-defined]

    def signature(self) -> consents.Signature:
        """What the valid form signs."""
        told = self.cleaned_data
        identity = consents.Identity(told["identity"])
        said = frozenset(told["confirmed"])
        return consents.Signature(told["name"], identity, said, told["shown"], told["language"])


class GoalForm(forms.Form):
    """One goal, in the person's words."""

    goal = forms.CharField(label=_("A goal, in the person's own words"), max_length=300)


def _course(request: HttpRequest, key: str) -> tuple[Course, Account]:
    row = get_object_or_404(everyone(), key=key)
    account = access.allow(request, access.may_see_consent, row)
    note_reading(account, row.key, "consent", clock.now(request))
    return row, account


@access.require(access.is_anyone)
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest, key: str) -> HttpResponseBase:
    """What stands, what would be signed now, and the person's goals. A person reads their own."""
    row, account = _course(request, key)
    chosen = request.POST.get("language") or request.GET.get("language", "")
    page = consent_page(row, access.may_take_consent(account), doors(account, row), clock.zone(), chosen)
    form = SignForm(page.shown_hash, page.language, request.POST or None) if page.may_sign else None
    if request.method == "POST":
        if form is None:
            access.refuse(request, "may_take_consent")
        elif form.is_valid() and _signed(row, form, account, request):
            return redirect("pathway:consent", key=row.key)
    goal = GoalForm() if page.may_take else None
    context = {"page": page, "form": form, "goal": goal}
    return render(request, "pathway/consent.html", context, status=409 if form and form.errors else 200)


def _signed(row: Course, form: SignForm, account: Account, request: HttpRequest) -> bool:
    at = clock.now(request)
    try:
        consents.sign(row, form.signature(), Entry(account.key, at, at, id=form.cleaned_data["entry"]))
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@access.require(access.may_take_consent)
@require_http_methods(["POST"])
def goal(request: HttpRequest, key: str) -> HttpResponseBase:
    """One more goal, or one that no longer stands."""
    row, account = _course(request, key)
    form = GoalForm(request.POST)
    if request.POST.get("drop"):
        consents.drop_goal(row, request.POST["drop"], account.key, clock.now(request))
    elif form.is_valid():
        consents.set_goal(row, form.cleaned_data["goal"], account.key, clock.now(request))
    return redirect("pathway:consent", key=row.key)


@access.require(access.is_anyone)
@require_http_methods(["POST"])
def withdraw(request: HttpRequest, key: str) -> HttpResponseBase:
    """The consent is taken back, in one step."""
    row = get_object_or_404(everyone(), key=key)
    account, at = access.allow(request, access.may_withdraw, row), clock.now(request)
    actor = row.person.key if access.is_own(account, row) else account.key
    try:
        consents.withdraw(row, Entry(actor, at, at, id=request.POST.get("entry", "")[:40]))
    except Complaint as refusal:
        return render(request, "pathway/refused.html", {"row": row, "refusal": refusal}, status=409)
    return redirect("pathway:consent", key=row.key)


@access.require(access.may_see_evidence)
@require_http_methods(["GET", "POST"])
def text(request: HttpRequest, protocol: str) -> HttpResponseBase:
    """The text in use and the one that would be signed now, for one protocol."""
    shown, account = _of_library(protocol), access.account_of(request)
    may_sign, refusal = access.may_sign_consent_text(account), None
    asked = request.POST.get("language") or request.GET.get("language", "")
    language = asked if asked in languages() else ENGLISH_CODE
    if request.method == "POST":
        if not may_sign:
            access.refuse(request, "may_sign_consent_text")
        try:
            issue(shown, account, request.POST.get("password", ""), clock.now(request), language)
            return redirect(f"{reverse('pathway:consent_text', args=[protocol])}?language={language}")
        except Complaint as wrong:
            refusal = wrong
    page = text_page(shown, may_sign, clock.zone(), language)
    context = {"page": page, "refusal": refusal}
    return render(request, "pathway/consent_text.html", context, status=409 if refusal else 200)


def _of_library(key: str) -> Protocol:
    if key not in protocol_keys():
        raise Http404
    return load_protocol(key)
