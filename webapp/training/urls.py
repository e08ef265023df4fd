"""Addresses of training runs and their models."""

from django.urls import path

from webapp.training import views

app_name = "training"
urlpatterns = [
    path("", views.run_list, name="list"),
    path("new/", views.choose, name="choose"),
    path("new/<uuid:version_id>/", views.new, name="new"),
    path("datasets/<uuid:dataset_id>/", views.of_dataset, name="of_dataset"),
    path("<uuid:run_id>/", views.run, name="run"),
    path("<uuid:run_id>/pause/", views.pause, name="pause"),
    path("<uuid:run_id>/go-on/", views.go_on, name="go_on"),
    path("<uuid:run_id>/cancel/", views.cancel, name="cancel"),
    path("<uuid:run_id>/keep/", views.keep, name="keep"),
    path("<uuid:run_id>/delete/", views.delete, name="delete"),
    path("<uuid:run_id>/restore/", views.restore, name="restore"),
]
