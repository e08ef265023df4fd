"""Django app: training."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "webapp.training"
    label = "training"

    def ready(self) -> None:
        from webapp.datasets.measuring import signals as measuring_signals
        from webapp.jobs import reaper
        from webapp.training import cleanup, explaining, suggesting

        reaper.register(cleanup.sweep)
        reaper.register(explaining.sweep)
        measuring_signals.register(suggesting.suggester_for)
