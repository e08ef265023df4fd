"""Django app: datasets."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "webapp.datasets"
    label = "datasets"

    def ready(self) -> None:
        from webapp.datasets import sweeps
        from webapp.jobs import reaper
        from webapp.videos import sweeps as video_sweeps

        reaper.register(sweeps.sweep)
        video_sweeps.before_purge(sweeps.video_goes)
