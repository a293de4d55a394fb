"""The app of the pathway."""

from django.apps import AppConfig


class PathwayConfig(AppConfig):
    name = "unstuck.clinic.pathway"
    label = "pathway"
    default_auto_field = "django.db.models.BigAutoField"
