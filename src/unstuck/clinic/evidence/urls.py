"""Addresses of the evidence."""

from django.urls import path

from unstuck.clinic.evidence import views

app_name = "evidence"
urlpatterns = [
    path("", views.index, name="index"),
    path("claims/", views.claims, name="claims"),
    path("claims.txt", views.claims_text, name="claims_text"),
    path("propose/", views.propose, name="propose"),
    path("<str:key>/", views.protocol, name="protocol"),
    path("<str:key>/text/", views.text, name="text"),
]
