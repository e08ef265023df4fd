"""Django app: recognition, that is trained models at work on videos."""

from django.apps import AppConfig


class RecognitionConfig(AppConfig):
    name = "webapp.recognition"
    label = "recognition"
