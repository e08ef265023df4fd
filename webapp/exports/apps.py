"""Django app: exports."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "webapp.exports"

    def ready(self) -> None:
        from webapp.exports import cleanup, services  # deferred: app registry
        from webapp.jobs.signals import cleanup_due  # deferred: app registry
        from webapp.videos.signals import video_deleted  # deferred: app registry

        cleanup_due.connect(cleanup.clean_up)
        video_deleted.connect(services.remove_exports_of)
