"""Addresses of the rules of screening."""

from django.urls import path

from unstuck.clinic.criteria import views

app_name = "criteria"
urlpatterns = [
    path("", views.rules, name="rules"),
    path("forward/", views.put_forward, name="put_forward"),
    path("<int:number>.toml", views.text, name="text"),
]
