"""The app of training."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "unstuck.clinic.training"
    label = "training"
    default_auto_field = "django.db.models.BigAutoField"
