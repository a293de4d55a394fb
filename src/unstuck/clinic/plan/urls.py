"""Addresses of today's board."""

from django.urls import path

from unstuck.clinic.plan import views

app_name = "plan"
urlpatterns = [
    path("", views.today, name="today"),
    path("now/", views.fragment, name="fragment"),
    path("wall/", views.wall, name="wall"),
    path("wall/keep/", views.keep_wall, name="keep_wall"),
    path("wall/now/", views.wall_fragment, name="wall_fragment"),
    path("answer/", views.answer, name="answer"),
    path("hand-over/", views.hand_over, name="hand_over"),
]
