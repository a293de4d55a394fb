"""Addresses of dosing sessions."""

from django.urls import path

from unstuck.clinic.session import api, help, views

app_name = "session"
_ONE = "<str:key>/<str:step>/<int:occurrence>/"

urlpatterns = [
    path("worker.js", views.worker, name="worker"),
    path("prediction/", views.prediction, name="prediction"),
    path("room/", views.room, name="room"),
    path(_ONE, views.session, name="session"),
    path(f"{_ONE}state/", api.state, name="state"),
    path(f"{_ONE}entries/", api.entries, name="entries"),
    path(f"{_ONE}watch/", api.watch, name="watch"),
    path(f"{_ONE}say/", views.say, name="say"),
    path(f"{_ONE}check-in/", views.check_in, name="check_in"),
    path(f"{_ONE}order/", views.order, name="order"),
    path(f"{_ONE}check/", views.check, name="check"),
    path(f"{_ONE}give/", views.give, name="give"),
    path(f"{_ONE}hand/", views.hand, name="hand"),
    path(f"{_ONE}monitor/", views.from_monitor, name="monitor"),
    path(f"{_ONE}correct/", views.correction, name="correct"),
    path(f"{_ONE}leave/", views.leave, name="leave"),
    path(f"{_ONE}paper/", views.paper_twin, name="paper"),
    path(f"{_ONE}help-link/", help.link, name="help_link"),
    path(f"{_ONE}draw/", views.draw, name="draw"),
    path(f"{_ONE}rate/<str:instrument>/", views.rate, name="rate"),
]
