"""Django app: videos."""

from django.apps import AppConfig


class VideosConfig(AppConfig):
    name = "webapp.videos"

    def ready(self) -> None:
        from webapp.accounts.signals import account_ends, team_act  # deferred: app registry
        from webapp.jobs.signals import cleanup_due  # deferred: app registry
        from webapp.uploads.signals import stored_by_person  # deferred: app registry
        from webapp.videos import cleanup, upload_services  # deferred: app registry

        cleanup_due.connect(cleanup.clean_up)
        stored_by_person.connect(upload_services.bytes_stored_by)
        account_ends.connect(upload_services.end_uploads_of)
        team_act.connect(upload_services.give_up_of_former_member)
