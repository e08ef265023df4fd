"""Addresses of websockets."""

from django.urls import path

from webapp.jobs.consumers import TeamConsumer, VideoConsumer

websocket_urlpatterns = [
    path("ws/teams/<uuid:key>/", TeamConsumer.as_asgi()),
    path("ws/videos/<uuid:key>/", VideoConsumer.as_asgi()),
]
