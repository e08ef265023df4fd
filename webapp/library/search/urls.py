"""Addresses of the search."""

from django.urls import path

from webapp.library.search import views

app_name = "search"
urlpatterns = [
    path("", views.page, name="page"),
    path("options/", views.options, name="options"),
]
