"""Django app: jobs."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "webapp.jobs"

    def ready(self) -> None:
        from webapp.accounts import throttle_services  # deferred: app registry
        from webapp.jobs.signals import cleanup_due  # deferred: app registry

        cleanup_due.connect(throttle_services.clean_up)  # here, as accounts must not know of jobs
