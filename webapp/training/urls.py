"""Addresses of training runs and their models."""

from django.urls import path

from webapp.training.evaluation import compare_views
from webapp.training.evaluation import views as evaluation_views
from webapp.training.explanations import views as explanations_views
from webapp.training.registry import download_views
from webapp.training.registry import views as registry_views
from webapp.training.runs import views

app_name = "training"
RUN = "<uuid:run_id>/"
EXPLANATION = f"{RUN}looks/<uuid:explanation_id>/"
ANSWER = "training/_explanation.html"
urlpatterns = [
    path("", views.run_list, name="list"),
    path("new/", views.choose, name="choose"),
    path("new/<uuid:version_id>/", views.new, name="new"),
    path("datasets/<uuid:dataset_id>/", views.of_dataset, name="of_dataset"),
    path(RUN, views.run, name="run"),
    path(f"{RUN}pause/", views.pause, name="pause"),
    path(f"{RUN}go-on/", views.resume, name="go_on"),
    path(f"{RUN}cancel/", views.cancel, name="cancel"),
    path(f"{RUN}keep/", views.keep, name="keep"),
    path(f"{RUN}delete/", views.delete, name="delete"),
    path(f"{RUN}restore/", views.restore, name="restore"),
    path("compare/", compare_views.compare, name="compare"),
    path(f"{RUN}samples/", evaluation_views.predictions, name="predictions"),
    path(f"{RUN}samples/<int:number>/relabel/", evaluation_views.relabel, name="relabel"),
    path(f"{RUN}threshold/", evaluation_views.threshold, name="threshold"),
    path(f"{RUN}promote/", registry_views.promote, name="promote"),
    path(f"{RUN}withdraw/", registry_views.withdraw, name="withdraw"),
    path(f"{RUN}roll-back/", registry_views.roll_back, name="roll_back"),
    path(f"{RUN}at-work/", registry_views.history, name="promotions"),
    path(f"{RUN}try/", explanations_views.try_it, name="try"),
    path(f"{RUN}look/", explanations_views.offer, name="explain"),
    path(f"{RUN}looks/", explanations_views.ask, name="ask_explanation"),
    path(EXPLANATION, explanations_views.explanation, name="explanation"),
    path(f"{EXPLANATION}pictures/", explanations_views.explanation_pictures, name="explanation_pictures"),
    path(f"{EXPLANATION}answer/", explanations_views.explanation, {"template": ANSWER}, name="explanation_answer"),
    path(f"{EXPLANATION}<str:name>", explanations_views.explanation_file, name="explanation_file"),
    path(f"{RUN}download/", download_views.download_all, name="download_all"),
    path(f"{RUN}download/<str:name>", download_views.download, name="download"),
]
