"""Where the rules in force were altered, every page that needs them says so; none shows a verdict by them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from unstuck.clinic.criteria.actions import RulesAltered

Handler = Callable[[HttpRequest], HttpResponse]


class RulesTold:
    """Answers with 503, the fault and how to mend it, instead of the words for a fault that nobody foresaw."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        """The page for altered rules; any other fault goes its own way."""
        if not isinstance(fault, RulesAltered):
            return None
        return render(request, "criteria/altered.html", {"fault": fault}, status=503)
