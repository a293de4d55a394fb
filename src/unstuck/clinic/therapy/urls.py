"""Addresses of structured therapy."""

from django.urls import path

from unstuck.clinic.therapy import views

app_name = "therapy"
urlpatterns = [
    path("<str:key>/", views.therapy, name="therapy"),
    path("<str:key>/<slug:step>/<int:occurrence>/<slug:kind>/", views.record, name="record"),
    path("<str:key>/list/<slug:kind>/<slug:listing>/", views.item, name="item"),
]
