"""The app of today's board."""

from django.apps import AppConfig


class PlanConfig(AppConfig):
    name = "unstuck.clinic.plan"
    label = "plan"
    default_auto_field = "django.db.models.BigAutoField"
