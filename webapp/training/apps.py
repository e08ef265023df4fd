"""Django app: training."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "webapp.training"
    label = "training"

    def ready(self) -> None:
        from webapp.datasets import suggesters
        from webapp.jobs import reaper
        from webapp.training import explaining, suggesting, sweeps

        reaper.register(sweeps.sweep)
        reaper.register(explaining.sweep)
        suggesters.register(suggesting.suggester_for)
