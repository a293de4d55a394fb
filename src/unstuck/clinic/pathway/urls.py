"""Addresses of the pathway."""

from django.urls import path

from unstuck.clinic.pathway import arriving, consent_views, deciding_views, plan_views, views

app_name = "pathway"
urlpatterns = [
    path("consent/<slug:protocol>/", consent_views.text, name="consent_text"),
    path("arrive/", arriving.arrive, name="arrive"),
    path("day/", plan_views.day, name="day"),
    path("<str:key>/plan/", plan_views.plan, name="plan"),
    path("<str:key>/plan/<slug:step>/<int:occurrence>/", plan_views.book, name="book"),
    path("<str:key>/screening/", views.screen, name="screening"),
    path("<str:key>/screening/<slug:part>/ask/", views.ask, name="ask"),
    path("<str:key>/screening/event/", views.describe, name="describe"),
    path("<str:key>/screening/scales/", views.scales, name="scales"),
    path("<str:key>/screening/decide/", views.decide, name="decide"),
    path("<str:key>/deciding/", deciding_views.show, name="deciding"),
    path("<str:key>/deciding/release/", deciding_views.release, name="release"),
    path("<str:key>/summary/<slug:audience>.pdf", deciding_views.summary, name="summary"),
    path("<str:key>/consent/", consent_views.consent, name="consent"),
    path("<str:key>/consent/goal/", consent_views.goal, name="goal"),
    path("<str:key>/consent/withdraw/", consent_views.withdraw, name="withdraw"),
]
