"""Django app: recognition, that is running deployed models on videos."""

from django.apps import AppConfig


class RecognitionConfig(AppConfig):
    name = "webapp.recognition"

    def ready(self) -> None:
        from webapp.jobs.signals import cleanup_due  # deferred: app registry
        from webapp.recognition import cleanup, services  # deferred: app registry
        from webapp.videos.signals import video_analysed, video_restored  # deferred: app registry

        cleanup_due.connect(cleanup.clean_up)
        video_analysed.connect(services.recognise_analysed)
        video_restored.connect(services.recognise_restored)
