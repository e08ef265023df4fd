"""Django app: people."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "webapp.people"

    def ready(self) -> None:
        from webapp.people import upkeep_services  # deferred: app registry
        from webapp.videos.signals import video_deleted, video_purging, video_restored  # deferred: app registry

        video_deleted.connect(upkeep_services.refresh_people_of)
        video_restored.connect(upkeep_services.refresh_people_of)
        video_purging.connect(upkeep_services.forget_purged)
