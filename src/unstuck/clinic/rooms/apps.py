"""The app of chairs and rooms."""

from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "unstuck.clinic.rooms"
    label = "rooms"
    default_auto_field = "django.db.models.BigAutoField"
