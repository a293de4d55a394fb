"""Addresses of structured therapy."""

from django.urls import path

from unstuck.clinic.therapy import note_views, views

app_name = "therapy"
urlpatterns = [
    path("keys/", note_views.keys, name="keys"),
    path("note/<slug:note>/discard/", note_views.discard, name="discard"),
    path("<str:key>/notes/", note_views.notes, name="notes"),
    path("<str:key>/", views.therapy, name="therapy"),
    path("<str:key>/<slug:step>/<int:occurrence>/<slug:kind>/", views.record, name="record"),
    path("<str:key>/list/<slug:kind>/<slug:listing>/", views.item, name="item"),
]
