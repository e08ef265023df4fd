"""Django app: videos."""

from django.apps import AppConfig


class VideosConfig(AppConfig):
    name = "webapp.videos"

    def ready(self) -> None:
        from webapp.jobs.signals import cleanup_due  # deferred: app registry
        from webapp.videos import cleanup  # deferred: app registry

        cleanup_due.connect(cleanup.clean_up)
