"""Addresses of datasets."""

from django.urls import path

from webapp.datasets import views

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
]
