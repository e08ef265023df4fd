"""Django app: sharing."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "webapp.sharing"

    def ready(self) -> None:
        from webapp.jobs.signals import cleanup_due  # deferred: app registry
        from webapp.sharing import cleanup  # deferred: app registry

        cleanup_due.connect(cleanup.clean_up)
