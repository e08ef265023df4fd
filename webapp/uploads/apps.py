"""Django app: uploads."""

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    name = "webapp.uploads"

    def ready(self) -> None:
        from webapp.jobs.signals import cleanup_due  # deferred: app registry
        from webapp.uploads import cleanup  # deferred: app registry

        cleanup_due.connect(cleanup.clean_up)
