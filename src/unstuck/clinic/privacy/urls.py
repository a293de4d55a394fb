"""Addresses of privacy."""

from django.urls import path

from unstuck.clinic.privacy import views

app_name = "privacy"
urlpatterns = [
    path("erase/", views.erase, name="erase"),
    path("<str:key>/open/", views.record, name="record"),
    path("<str:key>/unmask/", views.arm, name="arm"),
]
