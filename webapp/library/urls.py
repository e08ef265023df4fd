"""Addresses of videos."""

from django.urls import path

from webapp.library import bulk_views, favourite_views, next_step_views, state_views, views
from webapp.library.tagging import urls as of_tags
from webapp.videos import urls as of_videos

app_name = "videos"
urlpatterns = [
    *of_videos.urlpatterns,
    *of_tags.urlpatterns,
    path("", views.library, name="library"),
    path("changes/", views.changes, name="changes"),
    path("people/", views.filter_people, name="filter_people"),
    path("upload/", views.upload, name="upload"),
    path("bulk/", bulk_views.bulk, name="bulk"),
    path("bulk/restore/", bulk_views.restore_many, name="restore_many"),
    path("sample/", views.sample, name="sample"),
    path("<uuid:video_id>/", views.detail, name="detail"),
    path("<uuid:video_id>/state/", state_views.state, name="state"),
    path("<uuid:video_id>/next-step/dismiss/", next_step_views.dismiss, name="dismiss_next_step"),
    path("<uuid:video_id>/panel/", views.panel, name="panel"),
    path("<uuid:video_id>/boxes.json", views.boxes_json, name="boxes"),
    path("<uuid:video_id>/rename/", views.rename, name="rename"),
    path("<uuid:video_id>/delete/", views.delete, name="delete"),
    path("<uuid:video_id>/restore/", views.restore, name="restore"),
    path("<uuid:video_id>/favourite/", favourite_views.favourite, name="favourite"),
    path("<uuid:video_id>/analyse/", views.analyse, name="analyse"),
    path("<uuid:video_id>/cancel/", views.cancel, name="cancel"),
]
