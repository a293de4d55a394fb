"""Addresses of assessments. The phone's address says nothing of what it asks."""

from django.urls import path

from unstuck.clinic.assessment import views

app_name = "assessment"
urlpatterns = [
    path("a/thanks/", views.thanks, name="thanks"),
    path("a/now/", views.now, name="now"),
    path("a/<str:signed>/", views.answer, name="answer"),
    path("courses/<str:key>/mine/", views.mine, name="mine"),
    path("courses/<str:key>/ask/", views.send, name="send"),
    path("courses/<str:key>/rate/", views.rated, name="rated"),
]
