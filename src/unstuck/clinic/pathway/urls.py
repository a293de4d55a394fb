"""Addresses of the pathway."""

from django.urls import path

from unstuck.clinic.pathway import views

app_name = "pathway"
urlpatterns = [
    path("<str:key>/screening/", views.screen, name="screening"),
    path("<str:key>/screening/<slug:part>/ask/", views.ask, name="ask"),
    path("<str:key>/screening/decide/", views.decide, name="decide"),
]
