"""Addresses of alerts, of the rota and of the alert times."""

from django.urls import path

from unstuck.clinic.alerts import views

app_name = "alerts"
urlpatterns = [
    path("", views.open_list, name="open"),
    path("rota/", views.rota_page, name="rota"),
    path("rota/<int:shift_id>/end/", views.end_shift, name="end_shift"),
    path("rota/lead/", views.lead, name="lead"),
    path("times/", views.alert_times, name="times"),
    path("<str:key>/", views.alert, name="alert"),
    path("<str:key>/<str:what>/", views.do, name="do"),
]
