"""The app of the signed rules of screening."""

from django.apps import AppConfig


class CriteriaConfig(AppConfig):
    name = "unstuck.clinic.criteria"
    label = "criteria"
    default_auto_field = "django.db.models.BigAutoField"
