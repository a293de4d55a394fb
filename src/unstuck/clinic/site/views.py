"""The first page and the health check."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from unstuck.clinic.ledger import head
from unstuck.clinic.people import access
from unstuck.clinic.people.ways import is_of_this_site
from unstuck.clinic.site.context import THEME_COOKIE, THEMES, menu

A_YEAR = 365 * 24 * 3600  # seconds


@access.require(access.is_anyone)
@require_GET
def home(request: HttpRequest) -> HttpResponseBase:
    """Where an account begins after signing in: a door to each page it may open; a patient's own page."""
    if access.is_patient(access.account_of(request)):
        return redirect("portal:home")
    return render(request, "site/home.html", {"doors": menu(request)})


@access.open_to_all("stores only which light this screen shows")
@require_POST
def theme(request: HttpRequest) -> HttpResponseBase:
    """Keep the light of this device in a cookie and go back to the page it was chosen on."""
    back = request.POST.get("back", "/")
    response = redirect(back if is_of_this_site(back) else "home")
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        tls = settings.SESSION_COOKIE_SECURE
        response.set_cookie(THEME_COOKIE, chosen, max_age=A_YEAR, samesite="Lax", httponly=True, secure=tls)
    return response


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
