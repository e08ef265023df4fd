"""Addresses of datasets."""

from django.urls import path

from webapp.datasets import version_views, views

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
    path("<uuid:dataset_id>/versions/", version_views.version_list, name="versions"),
    path("<uuid:dataset_id>/versions/freeze/", version_views.freeze, name="freeze"),
    path("<uuid:dataset_id>/versions/<int:number>/", version_views.version_detail, name="version"),
    path("<uuid:dataset_id>/versions/<int:number>/compare/<int:other>/", version_views.compare, name="compare"),
    path("<uuid:dataset_id>/versions/<int:number>/delete/", version_views.delete_version, name="delete_version"),
    path("<uuid:dataset_id>/versions/<int:number>/restore/", version_views.restore_version, name="restore_version"),
]
