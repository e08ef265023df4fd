"""Shows pages in the language that a person has chosen, whatever their browser asks for."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin


class AccountLanguage(MiddlewareMixin):
    """Stands behind `LocaleMiddleware`, which chooses for strangers and for who has chosen none."""

    def process_request(self, request: HttpRequest) -> None:
        if len(settings.LANGUAGES) < 2 or not request.user.is_authenticated:
            return
        if request.user.language in dict(settings.LANGUAGES):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
