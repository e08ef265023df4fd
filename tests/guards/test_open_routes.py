"""Signing in is required by middleware: the views that open themselves to everybody, and those that take access tokens
of programs, are these and no others."""

import pytest
from django.test import Client

from tests.webapp.route_walk import routes
from webapp.accounts.models import User

OPEN = {
    "",
    "healthz",
    "health/live",
    "health/ready",
    # For the token of the operator, and 404 where there is none.
    "metrics",
    "sign-in/",
    "sign-in/second-step/",
    "sign-in/passkey/",
    "sign-in/with/",
    "sign-in/with/<slug:provider_id>/",
    "sign-out/",
    "language/",
    "welcome/<str:token>/",
    "join/<str:token>/",
    "forgotten-password/",
    "new-password/<str:token>/",
    # Whoever has the link sees what was shared.
    "s/<str:token>/",
    "s/<str:token>/media",
    "s/<str:token>/download",
    # Says what can be asked, and nothing of anybody.
    "api/v1/openapi.json",
    # The tus protocol answers 401 by itself: a redirect would look like success to the uploader.
    "videos/uploads/",
    "videos/uploads/<uuid:upload_id>",
    "datasets/<uuid:dataset_id>/imports/<uuid:import_id>/files/",
    "datasets/<uuid:dataset_id>/imports/<uuid:import_id>/files/<uuid:upload_id>",
}
API = {
    "api/v1/token": {"GET": "read"},
    "api/v1/videos": {"GET": "read"},
    "api/v1/videos/<uuidstr:video_id>": {"GET": "read", "PATCH": "write", "DELETE": "write"},
    "api/v1/videos/<uuidstr:video_id>/analyses": {"GET": "read", "POST": "write"},
    "api/v1/videos/<uuidstr:video_id>/appearances": {"GET": "read"},
    "api/v1/people": {"GET": "read"},
    "api/v1/people/<uuidstr:person_id>": {"GET": "read", "PATCH": "write", "DELETE": "write"},
    "api/v1/people/<uuidstr:person_id>/merge": {"POST": "write"},
    "api/v1/people/<uuidstr:person_id>/appearances": {"GET": "read"},
    "api/v1/datasets": {"GET": "read"},
    "api/v1/datasets/<uuidstr:dataset_id>": {"GET": "read"},
    "api/v1/datasets/<uuidstr:dataset_id>/samples": {"GET": "read"},
    "api/v1/datasets/<uuidstr:dataset_id>/versions": {"GET": "read"},
    "api/v1/runs": {"GET": "read", "POST": "admin"},
    "api/v1/runs/<uuidstr:run_id>": {"GET": "read"},
    "api/v1/runs/<uuidstr:run_id>/cancel": {"POST": "admin"},
    "api/v1/models": {"GET": "read"},
    "api/v1/models/<uuidstr:run_id>/predictions": {"POST": "write"},
    "api/v1/models/<uuidstr:run_id>/predictions/<uuidstr:explanation_id>": {"GET": "read"},
}
"""With the least scope by method. They answer 401 by themselves, as programs understand it."""

BY_TOKEN = {
    "jobs/state/": "read",
    "videos/<uuid:video_id>/state/": "read",
    "videos/uploads/": "write",
    "videos/uploads/<uuid:upload_id>": "write",
}
"""With the least scope that they need."""


def test_only_these_routes_are_open_to_everybody() -> None:
    found = list(routes())
    assert len(found) > 100
    assert {address for address, route in found if not getattr(route.callback, "login_required", True)} == (
        OPEN | API.keys()
    )


def test_only_these_routes_take_access_tokens() -> None:
    views = ((address, route.callback) for address, route in routes())
    taking = {address: view for address, view in views if hasattr(view, "token_scope")}
    assert {address: view.token_scope for address, view in taking.items() if address not in API} == BY_TOKEN
    by_method = {address: getattr(view, "token_scope_of", {}) for address, view in taking.items()}
    assert {address: scopes for address, scopes in by_method.items() if scopes} == API


@pytest.mark.django_db
def test_the_api_takes_no_session(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/api/v1/token").status_code == 401
