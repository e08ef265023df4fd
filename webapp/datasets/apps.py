"""Django app: datasets."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "webapp.datasets"

    def ready(self) -> None:
        from webapp.datasets import cleanup  # deferred: app registry
        from webapp.jobs.signals import cleanup_due  # deferred: app registry
        from webapp.videos.signals import video_purging  # deferred: app registry

        cleanup_due.connect(cleanup.clean_up)
        video_purging.connect(cleanup.video_goes)
