"""Django app: supervisor."""

from django.apps import AppConfig


class SupervisorConfig(AppConfig):
    name = "webapp.supervisor"

    def ready(self) -> None:
        from webapp import checks  # noqa: F401  # deferred: app registry
