"""Addresses of a person's own pages. None names an illness, a drug or a questionnaire: a history may be seen."""

from django.urls import path

from unstuck.clinic.portal import gate_views, language, views, write_views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("in/", gate_views.enter, name="enter"),
    path("in/code/", gate_views.code, name="code"),
    path("in/key/ask/", gate_views.passkey_asked, name="passkey_asked"),
    path("in/key/answer/", gate_views.passkey_answered, name="passkey_answered"),
    path("keys/", gate_views.doors, name="doors"),
    path("keys/ask/", gate_views.making_asked, name="making_asked"),
    path("keys/answer/", gate_views.making_answered, name="making_answered"),
    path("keys/letters/", views.reminders, name="reminders"),
    path("language/", language.choose, name="language"),
    path("how/", views.check_in, name="check_in"),
    path("visit/", views.visit, name="visit"),
    path("agreed/", views.agreed_to, name="agreed"),
    path("curve/", views.curve, name="curve"),
    path("summary/", views.summary, name="summary"),
    path("summary/page.pdf", views.summary_paper, name="summary_paper"),
    path("readers/", views.readers, name="readers"),
    path("calm/", views.ground, name="ground"),
    path("calm/keeper.js", views.keeper, name="keeper"),
    path("journal/", write_views.journal, name="journal"),
    path("journal/<str:key>/", write_views.leaf, name="leaf"),
    path("plan/", write_views.plan, name="plan"),
    path("days/", write_views.log, name="days"),
    path("days/share/", write_views.share_log, name="share_days"),
]
