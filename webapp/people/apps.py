"""Django app: people."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "webapp.people"

    def ready(self) -> None:
        from webapp.jobs.signals import cleanup_due  # deferred: app registry
        from webapp.people import upkeep_services  # deferred: app registry
        from webapp.people.introduction import cleanup, services  # deferred: app registry
        from webapp.videos import signals  # deferred: app registry

        cleanup_due.connect(cleanup.clean_up)
        signals.video_analysed.connect(services.follow_analysis)
        signals.video_deleted.connect(upkeep_services.refresh_people_of)
        signals.video_restored.connect(upkeep_services.refresh_people_of)
        signals.video_purging.connect(upkeep_services.forget_purged)
