"""Django app: training."""

from django.apps import AppConfig


class TrainingAppConfig(AppConfig):
    name = "webapp.training"
    label = "training"

    def ready(self) -> None:
        from webapp.datasets import signals as datasets_signals
        from webapp.jobs.signals import cleanup_due
        from webapp.training import cleanup
        from webapp.training.explanations import services as explanations
        from webapp.training.registry import services as registry
        from webapp.training.registry import suggestion_runner

        cleanup_due.connect(cleanup.clean_up)
        cleanup_due.connect(explanations.clean_up)
        datasets_signals.deployed_model_wanted.connect(registry.deployed_model)
        datasets_signals.label_suggester_wanted.connect(suggestion_runner.suggester_for)
