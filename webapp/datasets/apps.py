"""Django app: datasets."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "webapp.datasets"
    label = "datasets"

    def ready(self) -> None:
        from webapp.datasets import cleanup
        from webapp.jobs.signals import cleanup_due
        from webapp.videos import cleanup as videos_cleanup

        cleanup_due.connect(cleanup.clean_up)
        videos_cleanup.before_purge(cleanup.video_goes)
