"""The addresses that the session page talks to: its state, its entries, its heartbeat. JSON in and out, same origin."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse, RawPostDataException
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.people import access
from unstuck.clinic.session import actions
from unstuck.clinic.session.queries import NoSuchSession, Place, live
from unstuck.clinic.session.receiving import Batch, Sent, receive
from unstuck.clinic.session.state import state_plain
from unstuck.core.errors import Complaint

MOST_ENTRIES = 400  # in one batch; a device that waited longer sends several
_ID = re.compile(r"[\w\-]{8,64}")


class Unreadable(Complaint):
    """The page sent something that is no batch of entries."""


def course_of(key: str) -> Course:
    """The course of that key, with person and release; 404 where there is none."""
    return get_object_or_404(Course.objects.select_related("person", "release"), key=key)


@access.require(access.is_care)
@require_GET
def state(request: HttpRequest, key: str, step: str, occurrence: int) -> HttpResponseBase:
    """The session as it stands."""
    at = clock.now(request)
    try:
        stands = live(course_of(key), Place(step, occurrence), at)
    except NoSuchSession as wrong:
        return _wrong(wrong, 404)
    unmasked = access.may_see_doses(access.account_of(request), stands.course)
    return JsonResponse(state_plain(stands, unmasked, at))


@access.require(access.is_care)
@require_POST
def entries(request: HttpRequest, key: str, step: str, occurrence: int) -> HttpResponseBase:
    """A receipt or a reason for every entry of the batch; 403 where the page is not that of who is signed in."""
    account, at, course = access.account_of(request), clock.now(request), course_of(key)
    try:
        body = _body(request)
        if body.get("who") != account.key:  # a page stays open while a colleague signs in beside it on the same tablet
            return _wrong(Complaint("These entries were made by somebody else.", mend="Let them sign in again."), 403)
        received = receive(course, Place(step, occurrence), batch_of(body), account, at)
    except NoSuchSession as wrong:
        return _wrong(wrong, 404)
    except Complaint as wrong:
        return _wrong(wrong, 400)
    told = [
        {"id": r.id, "status": r.status, "recorded_at": r.recorded_at.isoformat(), "why": r.why, "mend": r.mend}
        for r in received.receipts
    ]
    return JsonResponse({"received_at": at.isoformat(), "offset_s": received.offset_s, "receipts": told})


@access.require(access.is_care)
@require_POST
def watch(request: HttpRequest, key: str, step: str, occurrence: int) -> HttpResponseBase:
    """Notes that a device has the page open, and whether somebody can see it."""
    at, course = clock.now(request), course_of(key)
    try:
        body = _body(request)
        device, visible, sent_at = _text(body, "device"), body.get("visible") is True, _moment(body, "sent_at")
        stands = live(course, Place(step, occurrence), at)
    except Complaint as wrong:
        return _wrong(wrong, 400)
    offset = (sent_at - at).total_seconds()
    if stands.sitting is not None:
        actions.heard(stands.sitting, device, visible, offset, at)
    return JsonResponse({"at": at.isoformat(), "offset_s": offset})


def batch_of(body: Mapping[str, Any]) -> Batch:
    """The batch that a page sent. Raises Unreadable where any part of it cannot be read; then nothing is recorded."""
    sent = body.get("entries")
    if not isinstance(sent, list) or len(sent) > MOST_ENTRIES:
        raise Unreadable(f"`entries` must be a list of at most {MOST_ENTRIES}.")
    return Batch(_text(body, "device"), _moment(body, "sent_at"), tuple(_sent(one) for one in sent))


def _sent(one: object) -> Sent:
    if not isinstance(one, dict) or not isinstance(one.get("what"), dict):
        raise Unreadable("An entry is a table with `id`, `kind`, `observed_at` and `what`.")
    words = one.get("words", "")
    if not isinstance(words, str) or len(words) > 4000:
        raise Unreadable("`words` must be a text of at most 4,000 letters.")
    return Sent(_text(one, "id"), str(one.get("kind")), _moment(one, "observed_at"), one["what"], words)


def _text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise Unreadable(f"`{name}` must be 8 to 64 letters, digits, _ or -.")
    return found


def _moment(body: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(body.get(name)))
    except ValueError:
        raise Unreadable(f"`{name}` is no date and time.") from None
    if moment.tzinfo is None:
        raise Unreadable(f"`{name}` lacks its time zone.")
    return moment


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        found = json.loads(request.body)
    except (ValueError, UnicodeDecodeError, RawPostDataException):  # the last: it came as a form
        raise Unreadable("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise Unreadable("The body is not a JSON table.")
    return found


def _wrong(wrong: Complaint, status: int) -> JsonResponse:
    return JsonResponse({"why": wrong.what, "mend": wrong.mend or ""}, status=status)
