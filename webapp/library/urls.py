"""Addresses of videos."""

from django.urls import path

from webapp.library import bulk_views, views
from webapp.videos import media_views, upload_views

app_name = "videos"
urlpatterns = [
    path("", views.library, name="library"),
    path("upload/", views.upload, name="upload"),
    path("uploads/", upload_views.tus_create, name="tus_create"),
    path("uploads/precheck/", upload_views.precheck, name="precheck"),
    path("uploads/<uuid:upload_id>", upload_views.tus_file, name="tus_file"),
    path("bulk/", bulk_views.bulk, name="bulk"),
    path("bulk/restore/", bulk_views.restore_many, name="restore_many"),
    path("sample/", views.sample, name="sample"),
    path("<uuid:video_id>/", views.detail, name="detail"),
    path("<uuid:video_id>/card/", views.card, name="card"),
    path("<uuid:video_id>/panel/", views.panel, name="panel"),
    path("<uuid:video_id>/boxes.json", views.boxes_json, name="boxes"),
    path("<uuid:video_id>/play", media_views.play, name="play"),
    path("<uuid:video_id>/download", media_views.download, name="download"),
    path("<uuid:video_id>/poster.jpg", media_views.poster, name="poster"),
    path("<uuid:video_id>/sprites.jpg", media_views.sprites, name="sprites"),
    path("<uuid:video_id>/rename/", views.rename, name="rename"),
    path("<uuid:video_id>/delete/", views.delete, name="delete"),
    path("<uuid:video_id>/restore/", views.restore, name="restore"),
    path("<uuid:video_id>/analyse/", views.analyse, name="analyse"),
    path("<uuid:video_id>/cancel/", views.cancel, name="cancel"),
]
