"""What happens to alerts that nobody takes: they climb. Driven by the worker and by whoever looks at the board."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from unstuck.clinic.alerts import policy as times
from unstuck.clinic.alerts import rota
from unstuck.clinic.alerts.actions import Change, Moment, enter, kind_of, locked, owner_key, raise_missed
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.alerts.post import tell
from unstuck.core.alerting import Climb, climbs, stage_of

log = logging.getLogger("unstuck.alerts")
CLOCK = "clock"
"""The actor of what happens because nobody acted."""


def open_alerts() -> QuerySet[Alert]:
    """Every alert that is not closed, the one whose clock runs out first before the others."""
    rows = Alert.objects.filter(closed_at=None).select_related("course__person", "course__release", "owner", "taken_by")
    return rows.order_by("due_at", "id")


def escalate_due(at: datetime) -> int:
    """How many alerts have climbed because their clock ran out by `at`. One that fails does not hold up the rest."""
    climbed = 0
    for key in list(Alert.objects.filter(closed_at=None, due_at__lte=at).values_list("key", flat=True)):
        try:
            climbed += _climb(key, at)
        except Exception:
            log.exception("The alert %s could not climb.", key)
    return climbed


def work_round(at: datetime) -> None:
    """The worker's share: raise what could not be raised before, and let alerts climb."""
    raise_missed()
    escalate_due(at)


def _climb(key: str, at: datetime) -> bool:
    with transaction.atomic():
        alert = locked(key)
        if alert.closed_at or alert.due_at is None or alert.due_at > at:
            return False  # somebody was quicker
        rule = kind_of(alert)
        before = alert.stage
        for climb in climbs(times.policy(), rule, alert.stage, alert.due_at, at):
            _reach(alert, climb, at)
        alert.save()
        lead = rota.safety_lead() if alert.owner is None else alert.owner
        tell(alert, lead, at)
        return alert.stage > before


def _reach(alert: Alert, climb: Climb, at: datetime) -> None:
    """The alert on its next stage. Past the end a reminder changes its clock alone, unless somebody had taken it."""
    moves = climb.stage > alert.stage or alert.taken_by is not None
    alert.stage, alert.due_at = climb.stage, climb.until
    if not moves:
        return
    here = stage_of(kind_of(alert), climb.stage)
    alert.owner = rota.owner_for(here.duty, climb.at, alert.details.get("not", ())) if here else None
    alert.duty = here.duty.value if here else ""
    alert.taken_by = alert.taken_at = None
    told = {"stage": climb.stage, "until": climb.until.isoformat()}
    change = Change("escalated", here.duty.value if here else "everyone", owner_key(alert.owner), told)
    enter(alert, change, Moment(CLOCK, climb.at, at))
