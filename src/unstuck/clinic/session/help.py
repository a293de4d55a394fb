"""The help signal on the person's own device: one large button behind a link that names nobody and shows nothing.

It works for somebody who cannot type. A tap becomes an open call of the session, which the station's board shows until
somebody has come; while one is open, another tap shows the first.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime

import segno
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.ledger.actions import lock
from unstuck.clinic.people import access
from unstuck.clinic.session.actions import make_help_link, sitting_of
from unstuck.clinic.session.api import course_of
from unstuck.clinic.session.models import Sitting
from unstuck.clinic.session.projection import project
from unstuck.clinic.session.queries import Place, live
from unstuck.core.session_events import Call, Called

_ID = re.compile(r"[\w\-]{8,64}")
_WHY_OPEN = "a random link of one open session, which can call for help and read nothing"


def call_help(sitting: Sitting, entry: Entry) -> None:
    """An open call of this session; where one is open already, nothing is added."""
    place = Place(sitting.step, sitting.occurrence)
    with transaction.atomic():
        lock(sitting.course.key)
        if not is_called(sitting, entry.recorded_at):
            write_all(sitting.course, [(Called(place.step, place.occurrence, Call.HELP, "patient"), entry)])
            project(sitting.course, place, entry.recorded_at)


def is_called(sitting: Sitting, at: datetime) -> bool:
    """Whether help was called in this session and nobody has come yet."""
    calls = live(sitting.course, Place(sitting.step, sitting.occurrence), at).session.calls
    return any(call.call == Call.HELP for call in calls)


@access.open_to_all(_WHY_OPEN)
@never_cache
@require_http_methods(["GET", "POST"])
def signal(request: HttpRequest, token: str) -> HttpResponseBase:
    """The button; after a tap, the word that somebody was called. It needs no script."""
    sitting, at = sitting_of(token), clock.now(request)
    if sitting is None:
        return render(request, "session/help_over.html", status=404)
    if request.method == "POST":
        given = request.POST.get("entry", "")
        id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        call_help(sitting, Entry(sitting.course.person.key, at, at, "", id))
    return render(request, "session/help.html", {"token": token, "called": is_called(sitting, at)})


@access.open_to_all(_WHY_OPEN)
@never_cache
@require_GET
def now(request: HttpRequest, token: str) -> HttpResponseBase:
    """Whether the call is still open: so much a device may know without a name."""
    sitting, at = sitting_of(token), clock.now(request)
    if sitting is None:
        return JsonResponse({"over": True}, status=404)
    return JsonResponse({"called": is_called(sitting, at)})


@access.require(access.is_care)
@require_POST
def link(request: HttpRequest, key: str, step: str, occurrence: int) -> HttpResponseBase:
    """A fresh link for the device that the person holds, as a picture to scan and as an address to open here."""
    account, at = access.account_of(request), clock.now(request)
    course = course_of(key)
    sitting = live(course, Place(step, occurrence), at).sitting
    if sitting is None or sitting.left_at is not None:
        return render(request, "session/missing.html", {"wrong": None}, status=404)
    token = make_help_link(sitting, account.key, at)
    address = request.build_absolute_uri(reverse("help:signal", args=[token]))
    drawn = segno.make(address, error="m").svg_inline(scale=5, border=4, light="#fff", dark="#000", omitsize=True)
    context = {"address": address, "picture": mark_safe(drawn), "chair": sitting.chair.replace("chair_", "")}
    return render(request, "session/help_link.html", context | {"key": key, "step": step, "occurrence": occurrence})
