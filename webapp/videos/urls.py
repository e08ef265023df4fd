"""Addresses of uploads and of the files of videos; they stand among those of the library, under its names."""

from django.urls import path

from webapp.videos import media_views, upload_views

urlpatterns = [
    path("uploads/", upload_views.tus_create, name="tus_create"),
    path("uploads/precheck/", upload_views.precheck, name="precheck"),
    path("uploads/<uuid:upload_id>", upload_views.tus_file, name="tus_file"),
    path("uploads/<uuid:upload_id>/stop/", upload_views.stop, name="stop_upload"),
    path("<uuid:video_id>/play", media_views.play, name="play"),
    path("<uuid:video_id>/download", media_views.download, name="download"),
    path("<uuid:video_id>/poster.jpg", media_views.poster, name="poster"),
    path("<uuid:video_id>/sprites.jpg", media_views.sprites, name="sprites"),
]
