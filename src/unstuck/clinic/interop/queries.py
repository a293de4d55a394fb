"""Reading devices, kept messages and refused addresses for the page."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Prefetch, QuerySet

from unstuck.clinic.interop.hl7 import Verdict
from unstuck.clinic.interop.models import Device, Message, Refused, Standing, Unproposed

SHOWN = 50


def devices() -> tuple[Device, ...]:
    """Every device, those in use first, each with where it stands in `here`."""
    here = Prefetch("standings", Standing.objects.filter(until=None).select_related("chair"), to_attr="here")
    return tuple(Device.objects.prefetch_related(here))


def kept() -> QuerySet[Message]:
    """Messages that could not be used, the newest first."""
    return Message.objects.exclude(verdict=Verdict.ACCEPT).select_related("device")


def unproposed() -> list[dict[str, Any]]:
    """How many values each device sent that could not be proposed, by reading and reason, and when the last came."""
    told = Unproposed.objects.order_by().values("device__name", "name", "why")
    counted = told.annotate(times=Count("id"), last_at=Max("received_at")).order_by("-last_at")
    return [dict(row) for row in counted[:SHOWN]]


def refused() -> tuple[Refused, ...]:
    """Addresses that were refused, the latest first."""
    return tuple(Refused.objects.all()[:SHOWN])
