"""Django app: training."""

from django.apps import AppConfig


class TrainingAppConfig(AppConfig):
    name = "webapp.training"

    def ready(self) -> None:
        from webapp.datasets import signals as datasets_signals  # deferred: app registry
        from webapp.jobs.signals import cleanup_due  # deferred: app registry
        from webapp.training import cleanup  # deferred: app registry
        from webapp.training.explanations import cleanup as explanations  # deferred: app registry
        from webapp.training.registry import services as registry  # deferred: app registry
        from webapp.training.registry import suggestion_runner  # deferred: app registry
        from webapp.videos.signals import video_purging  # deferred: app registry

        cleanup_due.connect(cleanup.clean_up)
        cleanup_due.connect(explanations.clean_up)
        video_purging.connect(explanations.forget_video)
        datasets_signals.deployed_model_wanted.connect(registry.deployed_model)
        datasets_signals.label_suggester_wanted.connect(suggestion_runner.suggester_for)
