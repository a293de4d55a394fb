"""The app of the drug stock."""

from django.apps import AppConfig


class CustodyConfig(AppConfig):
    name = "unstuck.clinic.custody"
    label = "custody"
    default_auto_field = "django.db.models.BigAutoField"
