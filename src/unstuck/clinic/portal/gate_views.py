"""The door to a person's own pages: a code by e-mail, or a passkey."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse, RawPostDataException
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.messages.channels import TEXT, has_text
from unstuck.clinic.people import access
from unstuck.clinic.people.knocks import knock
from unstuck.clinic.portal import entry, passkeys
from unstuck.clinic.portal.door import own
from unstuck.clinic.portal.models import Choices
from unstuck.core.errors import Complaint

ASKS, TRIES = 20, 40  # an hour and network address: a clinic's waiting room may share one
_WHY_OPEN = "the door itself: a one-time code or a passkey must follow, and no answer tells who is known here"


@access.open_to_all(_WHY_OPEN)
@never_cache
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code; the answer is the same for every address."""
    if request.method == "POST":
        if knock(request, "code") > ASKS:
            return render(request, "portal/wait.html", status=429)
        entry.ask_for_code(request, request.POST.get("email", ""), clock.now(request))
        return redirect("portal:code")
    user = request.user
    if user.is_authenticated and access.is_patient(user):
        return redirect("portal:home")
    return render(request, "portal/enter.html")


@access.open_to_all(_WHY_OPEN)
@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponseBase:
    """Type the code; it opens in the browser that asked for it."""
    if request.method == "GET":
        return render(request, "portal/code.html")
    if knock(request, "try") > TRIES:
        return render(request, "portal/wait.html", status=429)
    at = clock.now(request)
    try:
        account = entry.take_code(request, request.POST.get("code", ""), at)
    except Complaint as refusal:
        return render(request, "portal/code.html", {"refusal": refusal}, status=409)
    entry.sign_in(request, account, at, "code")
    return redirect("portal:home")


@access.open_to_all(_WHY_OPEN)
@require_POST
def passkey_asked(request: HttpRequest) -> HttpResponseBase:
    """The question for the device."""
    if knock(request, "passkey") > TRIES:
        return JsonResponse({}, status=429)
    return JsonResponse(passkeys.begin_signing(request))


@access.open_to_all(_WHY_OPEN)
@require_POST
def passkey_answered(request: HttpRequest) -> HttpResponseBase:
    """The device's answer; who it belongs to is signed in."""
    at = clock.now(request)
    try:
        account = passkeys.finish_signing(request, _sent(request), at)
    except Complaint as refusal:
        return JsonResponse({"why": refusal.what}, status=409)
    entry.sign_in(request, account, at, "passkey")
    return JsonResponse({"to": reverse("portal:home")})


@own
@require_POST
def making_asked(request: HttpRequest) -> HttpResponseBase:
    """The question for a device that is to keep a passkey."""
    try:
        return JsonResponse(passkeys.begin_making(request, access.account_of(request)))
    except Complaint as refusal:
        return JsonResponse({"why": refusal.what}, status=409)


@own
@require_POST
def making_answered(request: HttpRequest) -> HttpResponseBase:
    """The device's answer: the passkey is kept."""
    try:
        passkeys.finish_making(request, access.account_of(request), _sent(request), clock.now(request))
    except Complaint as refusal:
        return JsonResponse({"why": refusal.what}, status=409)
    return JsonResponse({"to": reverse("portal:doors")})


@own
@require_http_methods(["GET", "POST"])
def doors(request: HttpRequest) -> HttpResponseBase:
    """The passkeys of this account, and whether reminders come."""
    account, at = access.account_of(request), clock.now(request)
    if request.method == "POST":
        passkeys.remove(get_object_or_404(account.passkeys, pk=request.POST.get("passkey", "0")), account.key, at)
        return redirect("portal:doors")
    chosen = Choices.objects.filter(person=account.person).first() or Choices()
    context = {"passkeys": account.passkeys.all(), "reminded": chosen.reminders, "by_text": chosen.channel == TEXT}
    has_phone = has_text() and bool(account.person and account.person.phone)
    return render(request, "portal/doors.html", {**context, "text_messages": has_phone})


def _sent(request: HttpRequest) -> Mapping[str, Any]:
    """The JSON of the request. Raises NoPasskey where it is none."""
    try:
        told = json.loads(request.body)
    except (ValueError, RawPostDataException):  # the last: it came as a form
        told = None
    if not isinstance(told, dict):
        raise passkeys.NoPasskey(_("The passkey was not taken."))
    return told
