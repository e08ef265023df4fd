"""Addresses of training runs and their models."""

from django.urls import URLPattern

app_name = "training"
urlpatterns: list[URLPattern] = []
