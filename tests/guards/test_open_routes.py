"""Signing in is required by middleware: the views that open themselves to everybody, and those that take access tokens
of programs, are these and no others."""

from tests.webapp.route_walk import routes

OPEN = {
    "",
    "healthz",
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
    # The tus protocol answers 401 by itself: a redirect would look like success to the uploader.
    "videos/uploads/",
    "videos/uploads/<uuid:upload_id>",
    "datasets/<uuid:dataset_id>/imports/<uuid:import_id>/files/",
    "datasets/<uuid:dataset_id>/imports/<uuid:import_id>/files/<uuid:upload_id>",
}

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
    assert {address for address, route in found if not getattr(route.callback, "login_required", True)} == OPEN


def test_only_these_routes_take_access_tokens() -> None:
    views = ((address, route.callback) for address, route in routes())
    assert {address: view.token_scope for address, view in views if hasattr(view, "token_scope")} == BY_TOKEN
