"""Addresses of the API, version 1."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, include, path

from webapp.api import views
from webapp.api.endpoint_views import endpoint

app_name = "api"
CONVERTED = re.compile(r"\{([^}]+)\}")
"""A parameter as Ninja writes it; Django takes angle brackets."""


def _endpoints() -> Iterator[URLPattern]:
    """Yields a route for each path, whatever methods it takes: Ninja gives one for each method."""
    operations = {path: found.operations for router in views.ROUTERS for path, found in router.path_operations.items()}
    patterns = {str(each.pattern): each for each in views.api.urls[0] if isinstance(each, URLPattern) and each.name}
    for path_of_api, found in operations.items():
        route = CONVERTED.sub(r"<\1>", path_of_api).lstrip("/")
        yield endpoint(patterns[route], found)


urlpatterns = [
    path("", views.page, name="page"),
    path("v1/openapi.json", views.openapi_json, name="openapi"),
    path("v1/", include(list(_endpoints()))),
]
