"""The app of monitors."""

from django.apps import AppConfig


class InteropConfig(AppConfig):
    name = "unstuck.clinic.interop"
    label = "interop"
    default_auto_field = "django.db.models.BigAutoField"
