"""Django app: operation, by which an operator looks after an installation."""

from celery.signals import worker_init
from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OperationConfig(AppConfig):
    name = "webapp.operation"

    def ready(self) -> None:
        from webapp.jobs.signals import cleanup_due  # deferred: app registry
        from webapp.operation import version_services  # deferred: app registry

        post_migrate.connect(version_services.stamp, sender=self)
        worker_init.connect(version_services.refuse_worker)
        cleanup_due.connect(version_services.optimize)
