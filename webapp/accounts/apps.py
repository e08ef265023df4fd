"""Django app: accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "webapp.accounts"
    label = "accounts"

    def ready(self) -> None:
        from webapp.accounts import throttle_services
        from webapp.jobs import reaper

        reaper.register(throttle_services.purge)
