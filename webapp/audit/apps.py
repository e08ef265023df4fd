"""Django app: audit."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "webapp.audit"

    def ready(self) -> None:
        from django.contrib.auth import signals  # deferred: app registry

        from webapp.accounts.signals import account_act, team_act  # deferred: app registry
        from webapp.audit import sign_in_services, team_services  # deferred: app registry

        signals.user_logged_in.connect(sign_in_services.signed_in)
        signals.user_logged_out.connect(sign_in_services.signed_out)
        signals.user_login_failed.connect(sign_in_services.sign_in_failed)
        team_act.connect(team_services.record_team_act)
        account_act.connect(team_services.record_account_act)
