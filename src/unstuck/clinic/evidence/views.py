"""Pages of the evidence: every treatment, one treatment, the claims to hand out, and the text that is signed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from unstuck.clinic import clock
from unstuck.clinic.evidence import actions, queries
from unstuck.clinic.evidence.own import Site, beside
from unstuck.clinic.evidence.pages import claims_page, index_page, protocol_page
from unstuck.clinic.evidence.text_page import Reader, text_page
from unstuck.clinic.people import access
from unstuck.clinic.people.queries import display_names
from unstuck.core.claims_file import smallest_group
from unstuck.core.errors import Complaint
from unstuck.core.evidence_release import Release
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import load_protocol, protocol_keys

View = Callable[..., HttpResponseBase]


def with_release(view: View) -> View:
    """The view gets the newest release; where there is none, or one was altered, a page says so instead."""

    @wraps(view)
    def opened(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            release = queries.newest_release()
        except Complaint as complaint:
            return render(request, "evidence/none.html", {"complaint": complaint}, status=503)
        if release is None:
            return render(request, "evidence/none.html", {"complaint": None}, status=503)
        return view(request, release, *args, **kwargs)

    return opened


@access.require(access.may_see_evidence)
@require_GET
@with_release
def index(request: HttpRequest, release: Release) -> HttpResponseBase:
    """Every treatment of the library and every question that was pooled."""
    page = index_page(release, queries.library(), queries.waiting())
    signs = access.may_sign_evidence(access.account_of(request))
    return render(request, "evidence/index.html", {"page": page, "signs": signs})


@access.require(access.may_see_evidence)
@require_GET
@with_release
def protocol(request: HttpRequest, release: Release, key: str) -> HttpResponseBase:
    """What was tried, on whom, what came out, how sure; this clinic beside it for those who may see outcomes."""
    shown = _of_library(key)
    account = access.account_of(request)
    own = None
    if access.may_see_outcomes(account):
        site = Site(queries.seen(key), clock.now(request), clock.zone(), smallest_group())
        own = beside(shown, site, release)
    return render(request, "evidence/protocol.html", {"page": protocol_page(release, shown, own)})


@access.require(access.is_anyone)
@require_GET
@with_release
def claims(request: HttpRequest, release: Release) -> HttpResponseBase:
    """What is claimed and what the sources say, to read, print or hand out. It holds no person's data."""
    return render(request, "evidence/claims.html", {"page": claims_page(release, _asked(request))})


@access.require(access.is_anyone)
@require_GET
@with_release
def claims_text(request: HttpRequest, release: Release) -> HttpResponseBase:
    """The same as plain text, to put into a letter."""
    page = claims_page(release, _asked(request))
    context = {"page": page, "site": request.get_host()}
    answer = render(request, "evidence/claims.txt", context, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="claims{"-" + page.key if page.key else ""}.txt"'
    return answer


@access.require(access.may_see_evidence)
@require_http_methods(["GET", "POST"])
def text(request: HttpRequest, key: str) -> HttpResponseBase:
    """The text for patients: the one in use, the one that is proposed. A prescriber signs or declines."""
    shown = _of_library(key)
    account = access.account_of(request)
    refusal = _decide(request) if request.method == "POST" else None
    if request.method == "POST" and refusal is None:
        return redirect("evidence:text", key=key)
    signed = queries.signed_of(key)
    reader = Reader(display_names({s.signed_by for s in signed}), clock.zone(), access.may_sign_evidence(account))
    page = text_page(key, shown.title, signed, queries.open_of(key), reader)
    return render(request, "evidence/text.html", {"page": page, "refusal": refusal}, status=409 if refusal else 200)


@access.require(access.may_sign_evidence)
@require_http_methods(["POST"])
@with_release
def propose(request: HttpRequest, release: Release) -> HttpResponseBase:
    """Proposes the newest release's text for every protocol in use; nothing that is signed changes."""
    account = access.account_of(request)
    actions.propose(release, queries.in_use(), account.key, clock.now(request))
    return redirect("evidence:index")


def _decide(request: HttpRequest) -> Complaint | None:
    """Sign or decline what the page showed; the reason where nothing was decided."""
    account = access.account_of(request)
    if not access.may_sign_evidence(account):
        access.refuse(request, "may_sign_evidence")
    number = request.POST.get("proposal", "")
    if not number.isdecimal():
        return Complaint("No proposal was named.", mend="Read the page again.")
    try:
        if request.POST.get("decision") == "decline":
            actions.decline(int(number), account, clock.now(request))
        else:
            actions.sign(int(number), account, request.POST.get("password", ""), clock.now(request))
    except actions.NotDecided as refusal:
        return refusal
    return None


def _of_library(key: str) -> Protocol:
    if key not in protocol_keys():
        raise Http404
    return load_protocol(key)


def _asked(request: HttpRequest) -> Protocol | None:
    key = request.GET.get("protocol", "")
    return _of_library(key) if key else None
