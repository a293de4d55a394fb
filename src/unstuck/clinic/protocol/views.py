"""Pages of the protocol library: the shelf, one protocol with its signed release, and what changed since."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from unstuck.clinic import clock
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.people.queries import display_names
from unstuck.clinic.protocol import actions, queries
from unstuck.clinic.protocol.alarms import alarms_page
from unstuck.clinic.protocol.pages import changes_page, library_page, protocol_page
from unstuck.clinic.protocol.reports import report_text, reports_of
from unstuck.core.alarm_rates_file import load_alarm_rates
from unstuck.core.errors import Complaint
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import load_protocol, protocol_keys
from unstuck.core.references_file import load_references

ALONE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"}
"""What a report may load and do: its own style, and nothing else."""


@access.require(access.may_see_protocols)
@require_GET
def library(request: HttpRequest) -> HttpResponseBase:
    """Every protocol of the library, with the versions that are in use here."""
    shelf = [load_protocol(key) for key in protocol_keys()]
    return render(request, "protocol/library.html", {"page": library_page(shelf, queries.released(), clock.zone())})


@access.require(access.may_see_protocols)
@require_http_methods(["GET", "POST"])
def protocol(request: HttpRequest, key: str) -> HttpResponseBase:
    """One protocol as the library has it. A prescriber signs it for use with the own password."""
    shown = _of_library(key)
    account = access.account_of(request)
    refusals = _release(request, shown, account) if request.method == "POST" else ()
    if request.method == "POST" and not refusals:
        return redirect("protocol:protocol", key=key)
    releases = queries.releases_of(key)
    page = protocol_page(
        shown,
        releases,
        display_names({release.signed_by for release in releases}),
        load_references(),
        clock.zone(),
        may_release=access.may_release_protocol(account),
    )
    context = {"page": page, "refusals": refusals, "alarms": alarms_page(shown, load_alarm_rates())}
    context["reports"] = reports_of(shown.hash)
    return render(request, "protocol/protocol.html", context, status=409 if refusals else 200)


@access.require(access.may_see_protocols)
@require_GET
def diff(request: HttpRequest, key: str) -> HttpResponseBase:
    """What differs between the version signed last and the text in the library."""
    release = queries.newest(key)
    if release is None:
        raise Http404
    names = display_names({release.signed_by})
    page = changes_page(_of_library(key), release, names, clock.zone())
    return render(request, "protocol/diff.html", {"page": page})


@access.require(access.may_see_protocols)
@require_GET
def report(request: HttpRequest, key: str, name: str) -> HttpResponseBase:
    """One finished report of a simulated trial, shut into itself: no script, no form, no other host."""
    text = report_text(_of_library(key).hash, name)
    if text is None:
        raise Http404
    return HttpResponse(text, headers=ALONE)


def _of_library(key: str) -> Protocol:
    """The library's text of that protocol; a key that is not in the library is a page that does not exist."""
    if key not in protocol_keys():
        raise Http404
    return load_protocol(key)


def _release(request: HttpRequest, shown: Protocol, account: Account) -> tuple[Complaint, ...]:
    """Sign what the page showed; the reasons where nothing was signed."""
    if not access.may_release_protocol(account):
        access.refuse(request, "may_release_protocol")
    if request.POST.get("hash") != shown.hash:
        return (Complaint("The library's text changed after you opened this page.", mend="Read it again, then sign."),)
    try:
        actions.release(shown, account, request.POST.get("password", ""), clock.now(request))
    except actions.NotComplete as refusal:
        return refusal.reasons
    except actions.ReleaseRefused as refusal:
        return (refusal,)
    return ()
