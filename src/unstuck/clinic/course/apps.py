"""The app of courses."""

from django.apps import AppConfig


class CourseConfig(AppConfig):
    name = "unstuck.clinic.course"
    label = "course"
    default_auto_field = "django.db.models.BigAutoField"
