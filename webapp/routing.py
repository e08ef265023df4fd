"""Addresses of websockets."""

from django.urls import path

from webapp.jobs.consumers import SubjectConsumer, TeamConsumer

websocket_urlpatterns = [
    path("ws/teams/<uuid:key>/", TeamConsumer.as_asgi()),
    path("ws/videos/<uuid:key>/", SubjectConsumer.as_asgi()),
    path("ws/datasets/<uuid:key>/", SubjectConsumer.as_asgi()),
    path("ws/training/<uuid:key>/", SubjectConsumer.as_asgi()),
]
