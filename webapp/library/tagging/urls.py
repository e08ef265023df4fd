"""Addresses of tags, below those of videos."""

from django.urls import path

from webapp.library.tagging import views

urlpatterns = [
    path("tags/", views.tags, name="tags"),
    path("tags/suggest/", views.suggest, name="suggest_tags"),
    path("tags/<uuid:tag_id>/put-on/", views.put_on, name="put_on"),
    path("tags/<uuid:tag_id>/take-off/", views.take_off, name="take_off"),
    path("tags/<uuid:tag_id>/rename/", views.rename, name="rename_tag"),
    path("tags/<uuid:tag_id>/merge/", views.merge, name="merge_tag"),
    path("tags/<uuid:tag_id>/delete/", views.delete, name="delete_tag"),
    path("tags/<uuid:tag_id>/restore/", views.restore, name="restore_tag"),
    path("<uuid:video_id>/tag/", views.tag_video, name="tag"),
]
