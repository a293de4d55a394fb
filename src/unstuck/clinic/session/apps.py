"""The app of the dosing session."""

from django.apps import AppConfig


class SessionConfig(AppConfig):
    name = "unstuck.clinic.session"
    label = "session"
    default_auto_field = "django.db.models.BigAutoField"
