"""Addresses of the protocol library."""

from django.urls import path

from unstuck.clinic.protocol import views

app_name = "protocol"
urlpatterns = [
    path("", views.library, name="library"),
    path("<str:key>/", views.protocol, name="protocol"),
    path("<str:key>/changes/", views.diff, name="diff"),
    path("<str:key>/trials/<str:name>/", views.report, name="report"),
]
