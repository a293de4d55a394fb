"""What every template knows about the site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from unstuck.clinic import clock
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account

THEMES = ("light", "dark", "dim")
THEME_COOKIE = "unstuck_theme"

MENU: tuple[tuple[Callable[[Account], bool], str | Promise, str], ...] = (
    (access.may_see_board, _("Today"), "plan:today"),
    (access.may_see_alerts, _("Alerts"), "alerts:open"),
    (access.may_see_courses, _("People"), "course:people"),
    (access.may_see_stock, _("Drug stock"), "custody:stock"),
    (access.may_see_protocols, _("Protocols"), "protocol:library"),
    (access.may_see_evidence, _("Evidence"), "evidence:index"),
    (access.may_read_feedback, _("Visits told"), "desk:visits"),
    (access.may_see_outcomes, _("The house"), "measures:house"),
    (access.may_see_training, _("Training"), "training:training"),
    (access.may_read_audit, _("Audit"), "audit:audit"),
    (access.may_manage_accounts, _("Accounts"), "people:accounts"),
    (access.may_name_chairs, _("Chairs"), "rooms:chairs"),
    (access.may_see_devices, _("Monitors"), "interop:monitors"),
)


def site(request: HttpRequest) -> dict[str, Any]:
    """The site's name and crisis line, whether it is a demonstration, this request's instant, the theme, the menu."""
    return {
        "site_name": settings.UNSTUCK_SITE_NAME,
        "demonstration": settings.UNSTUCK_DEMO,
        "training": settings.UNSTUCK_TRAINING,
        "now": clock.now(request),
        "theme": theme_of(request),
        "crisis_phone": settings.UNSTUCK_CRISIS_PHONE,
        "emergency_phone": settings.UNSTUCK_EMERGENCY_PHONE,
        "crisis_lines": settings.UNSTUCK_CRISIS_LINES,
        "site_phone": settings.UNSTUCK_PHONE,
        "navigation": menu(request),
        "emergency": emergency(request),
        "alerts_page": address("alerts:open"),
        "alerts_waiting": SimpleLazyObject(lambda: alerts_waiting(request)),
    }


def alerts_waiting(request: HttpRequest) -> int:
    """How many open alerts that nobody took are this account's or everybody's; asked only by pages with the menu."""
    user = getattr(request, "user", None)
    if not isinstance(user, Account) or not access.may_see_alerts(user):
        return 0
    return Alert.objects.filter(Q(owner=user) | Q(owner=None), closed_at=None, taken_by=None).count()


def emergency(request: HttpRequest) -> str:
    """The key of the course whose record was just refused to somebody who may open it in an emergency; else empty."""
    rule, key = getattr(request, "refused", ("", ""))
    user = getattr(request, "user", None)
    opens = rule == "may_see_course" and isinstance(user, Account) and access.may_break_glass(user)
    return key if opens else ""


def theme_of(request: HttpRequest) -> str:
    """The light of this device as its reader chose it; empty lets the device decide."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the main menu; `here` where the page belongs to it."""

    words: str
    address: str
    here: bool


def menu(request: HttpRequest) -> list[MenuItem]:
    """What this account may open, in the order of a working day."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    shown = [(words, address(name)) for rule, words, name in MENU if rule(user) and address(name)]
    return [MenuItem(str(words), to, request.path.startswith(to)) for words, to in shown]


def address(name: str) -> str:
    """The address of a page, empty where this site does not have it."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
