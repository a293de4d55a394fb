"""Addresses of training."""

from django.urls import path

from unstuck.clinic.training import views

app_name = "training"
urlpatterns = [
    path("", views.training, name="training"),
    path("sign/", views.sign, name="sign"),
    path("<int:pk>/end/", views.end, name="end"),
]
