"""The app of the evidence."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "unstuck.clinic.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"
