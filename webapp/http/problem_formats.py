"""Writes what went wrong as RFC 9457 has it, for programs."""

import json
from http import HTTPStatus
from typing import Any

PROBLEM_TYPE = "application/problem+json"
API_PATH = "/api/"


def is_of_api(path: str) -> bool:
    """Returns whether programs alone ask at this address, so that each error there is a problem."""
    return path.startswith(API_PATH) and path != API_PATH


def problem_document(status: int, detail: str, title: str = "", **more: Any) -> bytes:
    """Returns the JSON of a problem; without a title that of the status, whatever the language of the words is."""
    body = {"type": "about:blank", "title": title or HTTPStatus(status).phrase, "status": int(status), "detail": detail}
    return json.dumps(body | more).encode()
