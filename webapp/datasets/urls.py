"""Addresses of datasets."""

from django.urls import path

from webapp.datasets import export_views, import_views, views

app_name = "datasets"
IMPORT = "<uuid:dataset_id>/imports/<uuid:import_id>/"
urlpatterns = [
    path("", views.dataset_list, name="list"),
    path("new/", views.create, name="create"),
    path("<uuid:dataset_id>/edit/", views.edit, name="edit"),
    path("<uuid:dataset_id>/delete/", views.delete, name="delete"),
    path("<uuid:dataset_id>/restore/", views.restore, name="restore"),
    path("<uuid:dataset_id>/labels/", views.add_label, name="add_label"),
    path("<uuid:dataset_id>/labels/<int:label_id>/", views.edit_label, name="edit_label"),
    path("<uuid:dataset_id>/labels/<int:label_id>/remove/", views.remove_label, name="remove_label"),
    path("<uuid:dataset_id>/fill/", import_views.fill, name="fill"),
    path("<uuid:dataset_id>/imports/", import_views.begin, name="begin_import"),
    path(f"{IMPORT}batches/<int:number>/", import_views.batch, name="import_batch"),
    path(f"{IMPORT}files/", import_views.files, name="import_files"),
    path(f"{IMPORT}files/<uuid:upload_id>", import_views.file, name="import_file"),
    path(f"{IMPORT}start/", import_views.start, name="start_import"),
    path(f"{IMPORT}go-on/", import_views.go_on, name="go_on_import"),
    path(f"{IMPORT}discard/", import_views.discard, name="discard_import"),
    path(f"{IMPORT}undo/", import_views.undo, name="undo_import"),
    path(f"{IMPORT}problems/", import_views.problems, name="import_problems"),
    path("<uuid:dataset_id>/export/", export_views.export, name="export"),
    path("<uuid:dataset_id>/versions/<int:number>/export/", export_views.export_version, name="export_version"),
]
