"""Addresses of datasets."""

from django.urls import path

from webapp.datasets import grid_views, media_views, views

app_name = "datasets"
urlpatterns = [
    path("", views.dataset_list, name="list"),
    path("new/", views.create, name="create"),
    path("<uuid:dataset_id>/edit/", views.edit, name="edit"),
    path("<uuid:dataset_id>/delete/", views.delete, name="delete"),
    path("<uuid:dataset_id>/restore/", views.restore, name="restore"),
    path("<uuid:dataset_id>/labels/", views.add_label, name="add_label"),
    path("<uuid:dataset_id>/labels/<int:label_id>/", views.edit_label, name="edit_label"),
    path("<uuid:dataset_id>/labels/<int:label_id>/remove/", views.remove_label, name="remove_label"),
    path("<uuid:dataset_id>/", grid_views.page, name="grid"),
    path("<uuid:dataset_id>/label-bar/", grid_views.labels, name="grid_labels"),
    path("<uuid:dataset_id>/samples/", grid_views.numbers, name="grid_numbers"),
    path("<uuid:dataset_id>/samples/rows/", grid_views.rows, name="grid_rows"),
    path("<uuid:dataset_id>/samples/counts/", grid_views.counts, name="grid_counts"),
    path("<uuid:dataset_id>/samples/videos/", grid_views.videos, name="grid_videos"),
    path("<uuid:dataset_id>/samples/<int:number>/thumbnail.jpg", media_views.thumbnail, name="thumbnail"),
    path("<uuid:dataset_id>/samples/<int:number>/file", media_views.sample_file, name="sample"),
    path("<uuid:dataset_id>/acts/", grid_views.act, name="act"),
    path("<uuid:dataset_id>/acts/<uuid:act_id>/undo/", grid_views.undo, name="undo_act"),
]
