"""Addresses of dosing sessions."""

from django.urls import path

from unstuck.clinic.session import api

app_name = "session"
_ONE = "<str:key>/<str:step>/<int:occurrence>/"

urlpatterns = [
    path(f"{_ONE}state/", api.state, name="state"),
    path(f"{_ONE}entries/", api.entries, name="entries"),
    path(f"{_ONE}watch/", api.watch, name="watch"),
]
