"""Addresses that anybody may open who knows a link."""

from django.urls import path

from webapp.sharing import public_views

app_name = "shared"
urlpatterns = [
    path("<str:token>/", public_views.page, name="page"),
    path("<str:token>/media", public_views.media, name="media"),
    path("<str:token>/download", public_views.download, name="download"),
]
