"""Django app: training."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "webapp.training"
    label = "training"

    def ready(self) -> None:
        from webapp.datasets.measuring import signals as measuring_signals
        from webapp.jobs import reaper
        from webapp.training import cleanup
        from webapp.training.explanations import services as explanations
        from webapp.training.registry import suggestion_runner

        reaper.register(cleanup.sweep)
        reaper.register(explanations.sweep)
        measuring_signals.register(suggestion_runner.suggester_for)
