"""Django app: datasets."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "webapp.datasets"
    label = "datasets"

    def ready(self) -> None:
        from webapp.datasets import cleanup
        from webapp.jobs import reaper
        from webapp.videos import cleanup as video_sweeps

        reaper.register(cleanup.sweep)
        video_sweeps.before_purge(cleanup.video_goes)
