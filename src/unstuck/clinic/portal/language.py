"""The language of a patient's pages: as chosen on the device, else as the browser asks. Staff read the site's."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST

from unstuck.clinic.people import access
from unstuck.clinic.people.ways import is_of_this_site
from unstuck.clinic.portal.models import Choices

A_YEAR = 365 * 24 * 3600  # seconds

Handler = Callable[[HttpRequest], HttpResponse]


class PatientLanguage:
    """Activates the language for one request."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if is_for_patients(request.path):
            patch_vary_headers(response, ("Accept-Language",))
        return response


def is_for_patients(path: str) -> bool:
    """Whether an address belongs to pages that a patient reads."""
    return path.startswith(settings.UNSTUCK_PATIENT_PAGES)


def language_of(request: HttpRequest) -> str:
    """The language to answer this request in."""
    if not is_for_patients(request.path):
        return str(settings.LANGUAGE_CODE)
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in dict(settings.LANGUAGES) else translation.get_language_from_request(request)


@access.open_to_all("stores only which language this device shows")
@require_POST
def choose(request: HttpRequest) -> HttpResponseBase:
    """Keep the language of this device in a cookie, and of the person's letters where somebody is signed in."""
    back = urlsplit(request.POST.get("back", "")).path or "/me/"
    response = redirect(back if is_of_this_site(back) else "portal:home")
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        cookie = settings.LANGUAGE_COOKIE_NAME
        tls = settings.SESSION_COOKIE_SECURE
        response.set_cookie(cookie, chosen, max_age=A_YEAR, samesite="Lax", httponly=True, secure=tls)
        _keep(request, chosen)
    return response


def _keep(request: HttpRequest, language: str) -> None:
    user = request.user
    if user.is_authenticated and access.is_patient(user) and user.person_id:
        Choices.objects.update_or_create(person_id=user.person_id, defaults={"language": language})
