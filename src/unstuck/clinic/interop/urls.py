"""Addresses of the pages about monitors."""

from django.urls import path

from unstuck.clinic.interop import views

app_name = "interop"
urlpatterns = [
    path("", views.monitors, name="monitors"),
    path("new/", views.new, name="new"),
    path("<slug:key>/retire/", views.retire, name="retire"),
    path("<slug:key>/chair/", views.assign, name="assign"),
    path("kept/<int:number>/", views.kept, name="kept"),
    path("kept/<int:number>/erase/", views.erase, name="erase"),
]
