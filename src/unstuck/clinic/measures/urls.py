"""Addresses of the house."""

from django.urls import path

from unstuck.clinic.measures import views

app_name = "measures"
urlpatterns = [
    path("", views.overview, name="house"),
    path("<str:what>/", views.listed, name="behind"),
]
