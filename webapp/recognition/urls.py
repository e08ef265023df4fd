"""Addresses of what trained models found in videos."""

from django.urls import URLPattern

app_name = "recognition"
urlpatterns: list[URLPattern] = []
