"""Says to programs what went wrong."""

from typing import Any

from django.http import HttpResponse

from webapp.http.problem_formats import PROBLEM_TYPE, problem_document


def problem(status: int, detail: str, title: str = "", **more: Any) -> HttpResponse:
    """Returns a problem that nobody keeps."""
    response = HttpResponse(problem_document(status, detail, title, **more), status=status, content_type=PROBLEM_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
