"""The audit page."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from unstuck.clinic import clock
from unstuck.clinic.audit import queries
from unstuck.clinic.audit.pages import AuditPage, entry_rows, keys_in
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.people import access
from unstuck.clinic.people.queries import staff_names

A_PAGE = 50


@access.require(access.may_read_audit)
@require_GET
def audit(request: HttpRequest) -> HttpResponseBase:
    """Entries as sentences, the newest first. The first page also reads the ledger against itself and its head."""
    chain = request.GET.get("chain", "").strip()[:64]
    shown = Paginator(queries.newest_first(chain), A_PAGE).get_page(request.GET.get("page"))
    entries = list(shown.object_list)
    page = AuditPage(
        rows=entry_rows(entries, staff_names(keys_in(entries)), clock.zone()),
        chain=chain,
        known=not chain or queries.has_chain(chain),
        total=shown.paginator.count,
        number=shown.number,
        pages=shown.paginator.num_pages,
        report=verify(chain or None) if shown.number == 1 else None,
    )
    return render(request, "audit/audit.html", {"page": page})
