"""Addresses of courses."""

from django.urls import path

from unstuck.clinic.course import views

app_name = "course"
urlpatterns = [
    path("", views.people, name="people"),
    path("new/", views.enrol, name="enrol"),
    path("<str:key>/", views.course, name="course"),
    path("<str:key>/events.jsonl", views.export, name="export"),
    path("<str:key>/record/<str:kind>/", views.record, name="record"),
]
