"""Addresses of the audit log."""

from django.urls import path

from webapp.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.audit_log, name="list"),
    path("export/", views.export, name="export"),
]
