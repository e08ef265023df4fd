"""Says 503, not 500, while the storage of videos and pictures does not answer."""

import logging

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from webapp.http.responses import json_refusal, wants_json
from webapp.storage import StoreAway

logger = logging.getLogger(__name__)


class StoreDoesNotAnswer(MiddlewareMixin):
    """With JSON for fetch, with a page for everybody else."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if not isinstance(error, StoreAway):
            return None
        logger.warning("The store of media does not answer: %s", error)
        response: HttpResponseBase
        if wants_json(request):
            response = json_refusal(
                _("The storage of videos and pictures does not answer. Nothing is lost; try again in a minute."), 503
            )
        else:
            response = render(request, "503_store.html", status=503)
        response.headers["Retry-After"] = "60"
        return response
