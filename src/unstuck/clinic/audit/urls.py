"""Address of the audit page."""

from django.urls import path

from unstuck.clinic.audit import views

app_name = "audit"
urlpatterns = [path("", views.audit, name="audit")]
