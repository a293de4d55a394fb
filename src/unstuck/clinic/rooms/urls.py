"""Addresses of the chairs."""

from django.urls import path

from unstuck.clinic.rooms import views

app_name = "rooms"
urlpatterns = [
    path("", views.chairs, name="chairs"),
    path("<slug:key>/", views.chair, name="chair"),
    path("<slug:key>/use/", views.use, name="use"),
]
