"""The first page and the health check."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from unstuck.clinic.ledger import head
from unstuck.clinic.people import access


@access.require(access.is_anyone)
@require_GET
def home(request: HttpRequest) -> HttpResponseBase:
    """Where an account begins after signing in."""
    return render(request, "site/home.html")


@access.open_to_all("tells only whether the site runs")
@require_GET
def health(request: HttpRequest) -> HttpResponseBase:
    """200 when the database answers and the ledger's head can be written, 503 otherwise."""
    told = {"database": _database_answers(), "ledger_head": head.is_ready()}
    return JsonResponse(told, status=200 if all(told.values()) else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except Exception:  # any failure is the answer
        return False
