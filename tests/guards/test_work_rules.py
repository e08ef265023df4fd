"""A request that starts work and is sent twice starts it once: every view that creates a job says so."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.guards.import_rules import PROJECT, sources
from tests.guards.work_rules import STARTS, mentions, way_to_work
from webapp.api.views import ROUTERS

HARMLESS = {
    "webapp.videos.services._bring_back",  # by an update of what is deleted, which only the first of two finds
    "webapp.datasets.measuring.services.request_measuring",  # does nothing while one waits
    "webapp.recognition.active_learning.services.answer",  # by an update of what is open
}
"""What creates jobs and may be asked for twice."""
BY_PARTS = {"videos:bulk", "datasets:freeze"}
"""Their parts are marked, as some of what they do starts nothing, or takes long and writes nothing."""
FORM = re.compile(r"<form\b(?:[^>{]|\{[{%].*?[%}]\})*>.*?</form>", re.DOTALL)
ADDRESS = re.compile(r"action=\"(?:\{% if \w+ %\})?\{% url '([a-z_:]+)'")


@cache
def graph() -> dict[str, set[str]]:
    return mentions(sources("webapp"))


def views(patterns: list[Any] | None = None) -> Iterator[tuple[str, Any]]:
    """Yields name of address and view of each route."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(each, URLResolver):
            yield from ((f"{each.app_name or ''}:{name}".strip(":"), view) for name, view in views(each.url_patterns))
        elif isinstance(each, URLPattern):
            yield each.name or "", each.callback


def test_views_that_start_work_start_it_once() -> None:
    found: dict[str, list[str]] = {}
    for name, view in views():
        if not getattr(view, "starts_work", False):
            way = way_to_work(f"{view.__module__}.{view.__name__}", graph(), HARMLESS)
            found |= {name: way} if way else {}
    assert found == {}


def test_only_a_post_of_the_api_starts_work() -> None:
    """Their views are made around operations, and those that take POST have the mark."""
    paths = [found for router in ROUTERS for found in router.path_operations.values()]
    operations = [each for found in paths for each in found.operations]
    starting = {each.operation_id: each.methods for each in operations if _way_of(each.view_func)}
    assert set(starting) == {"start_analysis", "start_run", "predict"}
    assert all(methods == ["POST"] for methods in starting.values())


def _way_of(function: Callable[..., Any]) -> list[str]:
    return way_to_work(f"{function.__module__}.{function.__name__}", graph(), HARMLESS)


def test_a_view_without_the_mark_is_found() -> None:
    lines = ("from webapp.jobs import lifecycle", "def begin(): lifecycle.create()", "def view(): do = {1: begin}")
    planted = {"webapp.jobs.lifecycle": "def create(): ...", "webapp.planted": "\n".join(lines)}
    assert way_to_work("webapp.planted.view", mentions(planted), set())[-1] == STARTS
    marked = planted | {"webapp.planted": "\n".join((*lines[:2], "@starts_work", lines[2]))}
    assert way_to_work("webapp.planted.view", mentions(marked), set()) == []


def test_forms_that_start_work_carry_a_key() -> None:
    marked = {name for name, view in views() if getattr(view, "starts_work", False)} | BY_PARTS
    without, with_key = [], set()
    for path in sorted((PROJECT / "templates").rglob("*.html")):
        for form in FORM.findall(path.read_text()):
            address = ADDRESS.search(form)
            if address and address[1] in marked and "{% idempotency_key %}" not in form:
                without.append(f"{path.name}: {address[1]}")
            elif address and "{% idempotency_key %}" in form:
                with_key.add(address[1])
    assert without == []
    assert with_key >= {"training:new", "videos:bulk", "datasets:freeze", "recognition:begin", "people:prepare_model"}
