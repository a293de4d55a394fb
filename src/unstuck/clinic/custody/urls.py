"""Addresses of the drug stock."""

from django.urls import path

from unstuck.clinic.custody import count_views, proposal_views, views

app_name = "custody"
urlpatterns = [
    path("", views.stock, name="stock"),
    path("products/new/", views.product, name="product"),
    path("receive/", views.receive, name="receive"),
    path("count/", count_views.count, name="count"),
    path("sheet/<slug:location>/<str:day>/", views.sheet, name="sheet"),
    path("discrepancies/", count_views.discrepancies, name="discrepancies"),
    path("discrepancies/<slug:key>/", count_views.discrepancy, name="discrepancy"),
    path("discrepancies/<slug:key>/investigate/", count_views.investigate, name="investigate"),
    path("discrepancies/<slug:key>/report/", count_views.report, name="report"),
    path("discrepancies/<slug:key>/close/", count_views.close, name="close"),
    path("drawings/<str:act>/", views.drawing, name="drawing"),
    path("proposals/<str:act>/", proposal_views.proposal, name="proposal"),
    path("proposals/<str:act>/take-back/", proposal_views.take_back, name="take_back"),
    path("lots/<slug:key>/", views.lot, name="lot"),
    path("lots/<slug:key>/waste/", views.waste, name="waste"),
    path("lots/<slug:key>/aside/", views.aside, name="aside"),
]
