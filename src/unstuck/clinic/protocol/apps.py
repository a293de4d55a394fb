"""The app of protocols."""

from django.apps import AppConfig


class ProtocolConfig(AppConfig):
    name = "unstuck.clinic.protocol"
    label = "protocol"
    default_auto_field = "django.db.models.BigAutoField"
