"""The app of the audit page. It keeps no table of its own."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "unstuck.clinic.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
