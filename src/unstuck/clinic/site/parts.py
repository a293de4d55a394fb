"""The clinic's apps, the lowest first, and where the pages of each begin. A new app is added here and nowhere else."""

from __future__ import annotations

APPS = (
    "unstuck.clinic.ledger",
    "unstuck.clinic.people",
    "unstuck.clinic.rooms",
    "unstuck.clinic.messages",
    "unstuck.clinic.protocol",
    "unstuck.clinic.criteria",
    "unstuck.clinic.course",
    "unstuck.clinic.alerts",
    "unstuck.clinic.assessment",
    "unstuck.clinic.custody",
    "unstuck.clinic.interop",
    "unstuck.clinic.session",
    "unstuck.clinic.plan",
    "unstuck.clinic.therapy",
    "unstuck.clinic.privacy",
    "unstuck.clinic.training",
    "unstuck.clinic.measures",
    "unstuck.clinic.evidence",
    "unstuck.clinic.pathway",
    "unstuck.clinic.portal",
    "unstuck.clinic.audit",
    "unstuck.clinic.site",
)

PAGES = (
    ("people/", "unstuck.clinic.people.urls"),
    ("", "unstuck.clinic.assessment.urls"),
    ("courses/", "unstuck.clinic.course.urls"),
    ("chairs/", "unstuck.clinic.rooms.urls"),
    ("today/", "unstuck.clinic.plan.urls"),
    ("session/", "unstuck.clinic.session.urls"),
    ("therapy/", "unstuck.clinic.therapy.urls"),
    ("h/", "unstuck.clinic.session.help_urls"),
    ("pathway/", "unstuck.clinic.pathway.urls"),
    ("alerts/", "unstuck.clinic.alerts.urls"),
    ("monitors/", "unstuck.clinic.interop.urls"),
    ("protocols/", "unstuck.clinic.protocol.urls"),
    ("rules/", "unstuck.clinic.criteria.urls"),
    ("evidence/", "unstuck.clinic.evidence.urls"),
    ("stock/", "unstuck.clinic.custody.urls"),
    ("me/", "unstuck.clinic.portal.urls"),
    ("own/", "unstuck.clinic.portal.desk_urls"),
    ("house/", "unstuck.clinic.measures.urls"),
    ("training/", "unstuck.clinic.training.urls"),
    ("privacy/", "unstuck.clinic.privacy.urls"),
    ("audit/", "unstuck.clinic.audit.urls"),
)  # fmt: skip
"""(prefix of the address, module with `urlpatterns` and `app_name`)."""

ERASERS = ("unstuck.clinic.therapy.notes.erase", "unstuck.clinic.portal.desk.erase")
"""What else is erased with a person: functions that take the person and the instant, in the same transaction."""

PATIENT_PAGES = ("/me/", "/a/", "/h/")
"""Where addresses begin whose pages patients read, in their own language."""

ROUNDS = (
    "unstuck.clinic.alerts.answers.work_round",
    "unstuck.clinic.alerts.letters.work_round",
    "unstuck.clinic.assessment.half_given.work_round",
    "unstuck.clinic.alerts.watching.work_round",
    "unstuck.clinic.plan.rounds.work_round",
    "unstuck.clinic.portal.reminders.work_round",
    "unstuck.clinic.alerts.climb.work_round",
    "unstuck.clinic.privacy.erasure.work_round",
)
"""What the background worker does in each round besides sending what waits: functions that take the instant."""
