"""The app of assessments."""

from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    name = "unstuck.clinic.assessment"
    label = "assessment"
    default_auto_field = "django.db.models.BigAutoField"
