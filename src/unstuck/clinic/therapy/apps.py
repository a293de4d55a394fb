"""The app of therapy."""

from django.apps import AppConfig


class TherapyConfig(AppConfig):
    name = "unstuck.clinic.therapy"
    label = "therapy"
    default_auto_field = "django.db.models.BigAutoField"
