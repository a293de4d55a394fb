"""The app of alerts and of the rota."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "unstuck.clinic.alerts"
    label = "alerts"
    default_auto_field = "django.db.models.BigAutoField"
