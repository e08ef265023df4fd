"""Makes a problem of every error that a program is told: a page would tell it nothing."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from webapp.http.problem_formats import PROBLEM_TYPE, is_of_api
from webapp.http.problem_responses import problem

KEPT = ("Allow", "Retry-After", "WWW-Authenticate")


class ProblemsOfApi(MiddlewareMixin):
    """Stands around whatever may answer by itself: no such address, too many requests, an error of ours."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_error = response.status_code >= HTTPStatus.BAD_REQUEST
        if not is_error or not is_of_api(request.path_info):
            return response
        if response.headers.get("Content-Type", "").startswith(PROBLEM_TYPE):
            return response
        said = problem(response.status_code, _words_of(response))
        for name in KEPT:
            if name in response.headers:
                said.headers[name] = response.headers[name]
        return said


def _words_of(response: HttpResponseBase) -> str:
    """Returns the sentence of a refusal, and of a page that of the status."""
    said = getattr(response, "refusal", "")
    return str(said) or HTTPStatus(response.status_code).description or response.reason_phrase
