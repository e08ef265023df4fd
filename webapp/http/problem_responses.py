"""Says to programs what went wrong, as RFC 9457 writes it."""

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

PROBLEM_TYPE = "application/problem+json"
API_PATH = "/api/"


def is_of_api(path: str) -> bool:
    """Returns whether programs alone ask at this address, so that each error there is a problem."""
    return path.startswith(API_PATH) and path != API_PATH


def problem_document(status: int, detail: str, title: str = "", **more: Any) -> bytes:
    """Returns the JSON of a problem; without a title that of the status, whatever the language of the words is."""
    body = {"type": "about:blank", "title": title or HTTPStatus(status).phrase, "status": int(status), "detail": detail}
    return json.dumps(body | more).encode()


def problem(status: int, detail: str, title: str = "", **more: Any) -> HttpResponse:
    """Returns a problem that nobody keeps."""
    response = HttpResponse(problem_document(status, detail, title, **more), status=status, content_type=PROBLEM_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
