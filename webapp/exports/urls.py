"""Addresses of exports."""

from django.urls import path

from webapp.exports import appearance_views, file_views, start_views, views

app_name = "exports"
urlpatterns = [
    path("", views.list_page, name="list"),
    path("choose/", start_views.choose, name="choose"),
    path("new/", start_views.new, name="new"),
    path("appearances/<str:form>/", appearance_views.download, name="appearances"),
    path("<uuid:export_id>/", views.detail, name="detail"),
    path("<uuid:export_id>/file", file_views.download, name="file"),
    path("<uuid:export_id>/play", file_views.play, name="play"),
    path("<uuid:export_id>/again/", start_views.again, name="again"),
    path("<uuid:export_id>/cancel/", views.cancel, name="cancel"),
    path("<uuid:export_id>/delete/", views.delete, name="delete"),
]
