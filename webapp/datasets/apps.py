"""Django app: datasets."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "webapp.datasets"
    label = "datasets"

    def ready(self) -> None:
        from webapp.datasets import cleanup
        from webapp.jobs.signals import cleanup_due
        from webapp.videos.signals import video_purging

        cleanup_due.connect(cleanup.clean_up)
        video_purging.connect(cleanup.video_goes)
