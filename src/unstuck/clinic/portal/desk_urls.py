"""Addresses of staff's side of the own pages."""

from django.urls import path

from unstuck.clinic.portal import desk_views

app_name = "desk"
urlpatterns = [
    path("visits/", desk_views.visits, name="visits"),
    path("<str:key>/", desk_views.person, name="person"),
    path("<str:key>/details/", desk_views.details, name="details"),
    path("<str:key>/shared/", desk_views.shared, name="shared"),
]
