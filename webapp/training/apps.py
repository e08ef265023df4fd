"""Django app: training."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "webapp.training"
    label = "training"

    def ready(self) -> None:
        from webapp.jobs import reaper
        from webapp.training import explaining, sweeps

        reaper.register(sweeps.sweep)
        reaper.register(explaining.sweep)
