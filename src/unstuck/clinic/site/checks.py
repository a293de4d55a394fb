"""What a site for real people refuses to start with. Each refusal is one function with a name, a reason and a cure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from unstuck.clinic import clock
from unstuck.clinic.people.competence import GATES
from unstuck.clinic.people.models import Account, Person


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the site does not start, and how to mend it."""

    name: str
    why: str
    mend: str


def refusals() -> tuple[Refusal, ...]:
    """Everything that speaks against real use, in one pass; empty when the site may start."""
    return tuple(found for check in CHECKS if (found := check()))


def demonstration_sign_ins() -> Refusal | None:
    """Accounts whose passwords a demonstration has printed."""
    if not Account.objects.filter(demonstration=True).exists():
        return None
    return Refusal(
        "demonstration sign-ins",
        "This data folder holds accounts of a demonstration, whose passwords were printed.",
        "Use another data folder (UNSTUCK_HOME), or start with --demo.",
    )


def default_secret() -> Refusal | None:
    """A secret key that was copied from somewhere or is too short to be random."""
    key = str(settings.SECRET_KEY)
    if len(key) >= 50 and len(set(key)) >= 16 and not key.startswith("django-insecure-"):
        return None
    return Refusal(
        "default secret",
        "The secret key is short, repetitive or an example.",
        "Leave UNSTUCK_SECRET_KEY unset: a random key is then kept in the data folder.",
    )


def debug_on() -> Refusal | None:
    """Debugging pages show settings and records to anyone."""
    if not settings.DEBUG:
        return None
    return Refusal("debug on", "UNSTUCK_DEBUG shows records on error pages.", "Set UNSTUCK_DEBUG to no.")


def simulated_beside_real() -> Refusal | None:
    """A simulated person could be mistaken for a real one, or the reverse."""
    if set(Person.objects.order_by().values_list("simulated", flat=True).distinct()) != {True, False}:
        return None
    return Refusal(
        "simulated beside real",
        "This clinic holds simulated persons beside real ones.",
        "Keep simulated persons in a data folder of their own.",
    )


def any_host() -> Refusal | None:
    """A site that answers under any name can be made to send password links that lead elsewhere."""
    if "*" not in settings.ALLOWED_HOSTS:
        return None
    return Refusal("any host", "UNSTUCK_ALLOWED_HOSTS is '*'.", "Name the site's own addresses.")


def stopped_clock() -> Refusal | None:
    """Times in the ledger would be invented."""
    if not clock.is_set():
        return None
    return Refusal("stopped clock", "The clock has been set by hand.", "Start without a set clock.")


def demonstration_settings() -> Refusal | None:
    """A demonstration's cookies travel without TLS and its database does not wait for the disk."""
    if not settings.UNSTUCK_DEMO:
        return None
    return Refusal("demonstration settings", "UNSTUCK_DEMO is set.", "Unset UNSTUCK_DEMO, or start with --demo.")


def unknown_skill() -> Refusal | None:
    """A demanded skill that no rule asks for would stop nobody, and look as if it did."""
    wrong = sorted(set(settings.UNSTUCK_DEMANDED_SKILLS) - GATES)
    if not wrong:
        return None
    told = f"UNSTUCK_DEMANDED_SKILLS names {', '.join(wrong)}, which no rule asks for."
    return Refusal("unknown skill", told, f"Name any of {', '.join(sorted(GATES))}.")


CHECKS: tuple[Callable[[], Refusal | None], ...] = (
    demonstration_sign_ins,
    default_secret,
    debug_on,
    simulated_beside_real,
    any_host,
    stopped_clock,
    demonstration_settings,
    unknown_skill,
)
