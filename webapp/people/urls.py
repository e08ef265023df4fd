"""Addresses of people."""

from django.urls import path

from webapp.people.acts import act_responses, unclear_views
from webapp.people.acts import views as acts_views
from webapp.people.introduction import views as introduction_views
from webapp.people.pages import person_views, photo_views, strictness_views, views
from webapp.people.review import views as review_views

app_name = "people"
urlpatterns = [
    path("", views.people_list, name="list"),
    path("suggest/", views.suggest, name="suggest"),
    path("visibility/", views.visibility, name="visibility"),
    path("faces/<uuid:face_id>.jpg", views.face_picture, name="face_picture"),
    path("why/<int:track_id>/", person_views.why_page, name="why"),
    path("unclear/<int:track_id>/give/", unclear_views.give, name="give"),
    path("photo/", photo_views.photo, name="photo"),
    path("face-model/", introduction_views.face_model, name="face_model"),
    path("face-model/prepare/", introduction_views.prepare, name="prepare_model"),
    path("face-model/<uuid:introduction_id>/<str:verb>/", introduction_views.act, name="introduction_act"),
    path("strictness/", strictness_views.strictness, name="strictness"),
    path("strictness/set/", strictness_views.set_strictness, name="set_strictness"),
    path("review/", review_views.review_page, name="review"),
    path("review/answer/", review_views.answer, name="answer"),
    path("events/<uuid:event_id>/undo/", act_responses.undo, name="undo"),
    path("events/<uuid:event_id>/<uuid:other_id>/undo/", act_responses.undo_both, name="undo_both"),
    path("<uuid:person_id>/", person_views.person_page, name="person"),
    path("<uuid:person_id>/name/", acts_views.name, name="name"),
    path("<uuid:person_id>/merge/", acts_views.merge_page, name="merge_page"),
    path("<uuid:person_id>/merge/now/", acts_views.merge, name="merge"),
    path("<uuid:person_id>/split/", person_views.split_page, name="split_page"),
    path("<uuid:person_id>/split/now/", person_views.split, name="split"),
    path("<uuid:person_id>/move/", person_views.move, name="move"),
    path("<uuid:person_id>/unclear/", person_views.make_unclear, name="unclear"),
    path("<uuid:person_id>/portrait/", person_views.portrait, name="portrait"),
    path("<uuid:person_id>/delete/", person_views.delete, name="delete"),
    path("<uuid:person_id>/limits/", person_views.thresholds, name="limits"),
]
