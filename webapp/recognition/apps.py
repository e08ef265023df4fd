"""Django app: recognition, that is trained models at work on videos."""

from django.apps import AppConfig


class RecognitionConfig(AppConfig):
    name = "webapp.recognition"
    label = "recognition"

    def ready(self) -> None:
        from webapp.jobs.signals import cleanup_due
        from webapp.recognition import cleanup, services
        from webapp.videos import signals as videos_signals

        cleanup_due.connect(cleanup.clean_up)
        videos_signals.after_analysis(services.look_at_analysed)
        videos_signals.after_restoring(services.look_at_restored)
