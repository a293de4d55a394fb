"""Addresses of the help signal."""

from django.urls import path

from unstuck.clinic.session import help as pages

app_name = "help"
urlpatterns = [
    path("<str:token>/", pages.signal, name="signal"),
    path("<str:token>/now/", pages.now, name="now"),
]
