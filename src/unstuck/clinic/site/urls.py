"""Every address of the clinic: the pages of each app under its prefix, the first page, and a health check."""

from django.urls import include, path

from unstuck.clinic.site import views
from unstuck.clinic.site.parts import PAGES

urlpatterns = [
    path("", views.home, name="home"),
    path("theme/", views.theme, name="theme"),
    path("health/", views.health, name="health"),
    *(path(prefix, include(module)) for prefix, module in PAGES),
]
