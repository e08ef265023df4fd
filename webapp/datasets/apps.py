"""Django app: datasets."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "webapp.datasets"

    def ready(self) -> None:
        from webapp.accounts.signals import account_ends  # deferred: app registry
        from webapp.datasets import cleanup  # deferred: app registry
        from webapp.datasets.importing import queries as importing_queries  # deferred: app registry
        from webapp.datasets.importing import services as importing_services  # deferred: app registry
        from webapp.jobs.signals import cleanup_due  # deferred: app registry
        from webapp.uploads.signals import stored_by_person  # deferred: app registry
        from webapp.videos.signals import video_purging  # deferred: app registry

        cleanup_due.connect(cleanup.clean_up)
        stored_by_person.connect(importing_queries.bytes_stored_by)
        video_purging.connect(cleanup.video_goes)
        account_ends.connect(importing_services.end_uploads_of)
