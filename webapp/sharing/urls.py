"""Addresses of those who share."""

from django.urls import path

from webapp.sharing import views

app_name = "sharing"
urlpatterns = [
    path("", views.list_page, name="list"),
    path("new/", views.new, name="new"),
    path("<uuid:link_id>/seen/", views.seen, name="seen"),
    path("<uuid:link_id>/renew/", views.renew, name="renew"),
    path("<uuid:link_id>/revoke/", views.revoke, name="revoke"),
]
