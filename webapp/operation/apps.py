"""Django app: operation, the commands by which an operator looks after an installation. It has no models."""

from django.apps import AppConfig


class OperationConfig(AppConfig):
    name = "webapp.operation"
