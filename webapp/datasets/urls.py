"""Addresses of datasets."""

from django.urls import path

from webapp.datasets import media_views, preview_views, views
from webapp.datasets.doctor import views as doctor_views
from webapp.datasets.importing import views as importing_views
from webapp.datasets.labelling import views as labelling_views
from webapp.datasets.versions import export_views
from webapp.datasets.versions import views as versions_views

app_name = "datasets"
IMPORT = "<uuid:dataset_id>/imports/<uuid:import_id>/"
urlpatterns = [
    path("", views.dataset_list, name="list"),
    path("new/", views.create, name="create"),
    path("sample/", views.sample, name="sample"),
    path("<uuid:dataset_id>/edit/", views.edit, name="edit"),
    path("<uuid:dataset_id>/delete/", views.delete, name="delete"),
    path("<uuid:dataset_id>/restore/", views.restore, name="restore"),
    path("<uuid:dataset_id>/labels/", views.add_label, name="add_label"),
    path("<uuid:dataset_id>/labels/<int:label_id>/", views.edit_label, name="edit_label"),
    path("<uuid:dataset_id>/labels/<int:label_id>/remove/", views.remove_label, name="remove_label"),
    path("<uuid:dataset_id>/doctor/", doctor_views.overview, name="doctor"),
    path("<uuid:dataset_id>/doctor/examine/", doctor_views.scan, name="examine"),
    path("<uuid:dataset_id>/doctor/<int:finding_id>/", doctor_views.finding_detail, name="finding"),
    path("<uuid:dataset_id>/doctor/<int:finding_id>/mend/", doctor_views.fix, name="mend"),
    path("<uuid:dataset_id>/doctor/<int:finding_id>/take-back/", doctor_views.undo_fix, name="take_back"),
    path("<uuid:dataset_id>/doctor/<int:finding_id>/dismiss/", doctor_views.dismiss, name="dismiss"),
    path("<uuid:dataset_id>/preview/", preview_views.preview, name="preview"),
    path("<uuid:dataset_id>/preview/<int:number>.png", preview_views.preview_picture, name="preview_picture"),
    path("<uuid:dataset_id>/versions/", versions_views.version_list, name="versions"),
    path("<uuid:dataset_id>/versions/freeze/", versions_views.freeze, name="freeze"),
    path("<uuid:dataset_id>/versions/<int:number>/", versions_views.version_detail, name="version"),
    path("<uuid:dataset_id>/versions/<int:number>/compare/<int:other>/", versions_views.compare, name="compare"),
    path("<uuid:dataset_id>/versions/<int:number>/delete/", versions_views.delete_version, name="delete_version"),
    path("<uuid:dataset_id>/versions/<int:number>/restore/", versions_views.restore_version, name="restore_version"),
    path("<uuid:dataset_id>/fill/", importing_views.fill, name="fill"),
    path("<uuid:dataset_id>/imports/", importing_views.begin, name="begin_import"),
    path(f"{IMPORT}batches/<int:number>/", importing_views.batch, name="import_batch"),
    path(f"{IMPORT}files/", importing_views.files, name="import_files"),
    path(f"{IMPORT}files/<uuid:upload_id>", importing_views.file, name="import_file"),
    path(f"{IMPORT}start/", importing_views.start, name="start_import"),
    path(f"{IMPORT}go-on/", importing_views.resume, name="go_on_import"),
    path(f"{IMPORT}discard/", importing_views.discard, name="discard_import"),
    path(f"{IMPORT}undo/", importing_views.undo, name="undo_import"),
    path(f"{IMPORT}problems/", importing_views.problems, name="import_problems"),
    path("<uuid:dataset_id>/export/", export_views.export, name="export"),
    path("<uuid:dataset_id>/versions/<int:number>/export/", export_views.export_version, name="export_version"),
    path("<uuid:dataset_id>/", labelling_views.page, name="grid"),
    path("<uuid:dataset_id>/label-bar/", labelling_views.labels, name="grid_labels"),
    path("<uuid:dataset_id>/samples/", labelling_views.numbers, name="grid_numbers"),
    path("<uuid:dataset_id>/samples/rows/", labelling_views.rows, name="grid_rows"),
    path("<uuid:dataset_id>/samples/counts/", labelling_views.counts, name="grid_counts"),
    path("<uuid:dataset_id>/samples/videos/", labelling_views.videos, name="grid_videos"),
    path("<uuid:dataset_id>/samples/<int:number>/thumbnail.jpg", media_views.thumbnail, name="thumbnail"),
    path("<uuid:dataset_id>/samples/<int:number>/file", media_views.sample_file, name="sample"),
    path("<uuid:dataset_id>/acts/", labelling_views.act, name="act"),
    path("<uuid:dataset_id>/acts/<uuid:act_id>/undo/", labelling_views.undo, name="undo_act"),
]
