"""Django app: videos."""

from django.apps import AppConfig


class VideosConfig(AppConfig):
    name = "webapp.videos"
    label = "videos"

    def ready(self) -> None:
        from webapp.jobs import reaper
        from webapp.videos import cleanup

        reaper.register(cleanup.sweep)
