"""The app of privacy."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "unstuck.clinic.privacy"
    label = "privacy"
    default_auto_field = "django.db.models.BigAutoField"
