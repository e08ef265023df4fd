"""Django app: jobs."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "webapp.jobs"

    def ready(self) -> None:
        from webapp.accounts import throttle_services  # deferred: app registry
        from webapp.accounts.email_change import services as email_change_services  # deferred: app registry
        from webapp.accounts.passwords import services as password_services  # deferred: app registry
        from webapp.accounts.sessions import services as session_services  # deferred: app registry
        from webapp.accounts.tokens import services as token_services  # deferred: app registry
        from webapp.audit import cleanup as audit_cleanup  # deferred: app registry
        from webapp.jobs import idempotency_services  # deferred: app registry
        from webapp.jobs.signals import cleanup_due  # deferred: app registry

        # Here, as accounts and audit must not know of jobs.
        cleanup_due.connect(throttle_services.clean_up)
        cleanup_due.connect(email_change_services.clean_up)
        cleanup_due.connect(password_services.clean_up)
        cleanup_due.connect(session_services.clean_up)
        cleanup_due.connect(token_services.clean_up)
        cleanup_due.connect(audit_cleanup.clean_up)
        cleanup_due.connect(idempotency_services.clean_up)
