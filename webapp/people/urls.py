"""Addresses of people."""

from django.urls import path

from webapp.people import views

app_name = "people"
urlpatterns = [
    path("", views.people_list, name="list"),
    path("suggest/", views.suggest, name="suggest"),
    path("faces/<uuid:face_id>.jpg", views.face_picture, name="face_picture"),
    path("<uuid:person_id>/name/", views.name, name="name"),
    path("merges/<uuid:merge_id>/undo/", views.undo_merge, name="undo_merge"),
]
