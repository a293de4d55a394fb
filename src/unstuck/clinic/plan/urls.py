"""Addresses of today's board."""

from django.urls import path

from unstuck.clinic.plan import views

app_name = "plan"
urlpatterns = [
    path("", views.today, name="today"),
    path("now/", views.fragment, name="fragment"),
]
