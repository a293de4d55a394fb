"""The app of the clinic's own measures."""

from django.apps import AppConfig


class MeasuresConfig(AppConfig):
    name = "unstuck.clinic.measures"
    label = "measures"
    default_auto_field = "django.db.models.BigAutoField"
