"""Django app: analyses, each from its job to people. It has no models; as an app, Celery finds its tasks."""

from django.apps import AppConfig


class AnalysesConfig(AppConfig):
    name = "webapp.analyses"
    label = "analyses"
