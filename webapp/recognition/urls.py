"""Addresses of what trained models find in videos."""

from django.urls import path

from webapp.recognition import views
from webapp.recognition.active_learning import views as active_learning_views
from webapp.recognition.batches import views as batches_views

app_name = "recognition"
urlpatterns = [
    path("", views.deployed_models, name="list"),
    path("begin/", views.begin, name="begin"),
    path("runs/<uuid:run_id>/apply/", views.apply, name="apply"),
    path("runs/<uuid:run_id>/doubtful/", active_learning_views.uncertain_page, name="uncertain"),
    path("runs/<uuid:run_id>/doubtful/answer/", active_learning_views.answer, name="answer"),
    path("runs/<uuid:run_id>/doubtful/undo/", active_learning_views.undo_answer, name="undo_answer"),
    path("moments/<int:observation_id>.jpg", active_learning_views.picture, name="picture"),
    path("<uuid:recognition_id>/again/", views.again, name="again"),
    path("batches/<uuid:batch_id>/", batches_views.batch, name="batch"),
    path("batches/<uuid:batch_id>/decide/", batches_views.decide, name="decide"),
    path("batches/<uuid:batch_id>/undo/", batches_views.undo, name="undo"),
]
