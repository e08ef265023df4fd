"""Who may import whom: the order of apps, the order of layers, deferred imports, heavy packages. Each rule is tried."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.guards import import_rules
from tests.guards.import_rules import PROJECT, Sources, sources

Rule = Callable[[Sources], list[str]]
KNOWN_BY_HEART = 12
"""Files of apps with a name of their own; the last word of all others (`partial_files`) is that of a layer."""


@pytest.fixture(scope="module")
def modules() -> dict[str, str]:
    return sources("webapp", "analysis")


@pytest.mark.parametrize(
    "rule",
    [
        import_rules.against_layers,
        import_rules.views_of_others,
        import_rules.deferred_without_reason,
        import_rules.heavy_heads,
    ],
)
def test_the_product_keeps_the_rule(rule: Rule, modules: dict[str, str]) -> None:
    assert rule(modules) == []


def test_names_of_files_say_their_layer(modules: dict[str, str]) -> None:
    assert len(import_rules.without_layer(modules)) <= KNOWN_BY_HEART, import_rules.without_layer(modules)


PLANTED: list[tuple[Rule, str, str, str]] = [
    (
        import_rules.against_layers,
        "webapp.people.planted_queries",
        "from webapp.people.pages import views",
        "queries of views",
    ),
    (
        import_rules.against_layers,
        "webapp.videos.planted_services",
        "def f():\n    from webapp.http import responses  # deferred: app registry",
        "deferred, and of another app",
    ),
    (
        import_rules.views_of_others,
        "webapp.library.planted_views",
        "from webapp.people.review.views import review",
        "an app of another's views",
    ),
    (
        import_rules.views_of_others,
        "webapp.datasets.importing.planted_runner",
        "from webapp.datasets.media_views import thumbnail",
        "a worker of views",
    ),
    (import_rules.deferred_without_reason, "webapp.planted", "def f():\n    import json", "no reason"),
    (
        import_rules.deferred_without_reason,
        "analysis.planted",
        "class A:\n  def f(self):\n    try:\n      import json  # deferred: convenient\n    finally: pass",
        "a reason that is not in the list, deep inside",
    ),
    (import_rules.heavy_heads, "webapp.datasets.planted.tasks", "import cv2", "a task of OpenCV"),
    (
        import_rules.heavy_heads,
        "webapp.planted.urls",
        "from analysis.training.models import build",
        "pages of torch, three modules away",
    ),
]


@pytest.mark.parametrize(("rule", "name", "text", "why"), PLANTED, ids=[why for *_, why in PLANTED])
def test_a_planted_violation_is_found(rule: Rule, name: str, text: str, why: str, modules: dict[str, str]) -> None:
    found = set(rule(modules | {name: text})) - set(rule(modules))
    assert [told for told in found if name in told]


def linted(project: Path) -> subprocess.CompletedProcess[str]:
    command = [str(PROJECT / ".venv" / "bin" / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copied")
    for name in ("analysis", "webapp"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", folder)
    return folder


def test_apps_import_downwards_and_the_analysis_knows_no_web(copied: Path) -> None:
    done = linted(copied)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("webapp/videos/planted.py", "from webapp.people.models import Person"),
        ("webapp/accounts/planted.py", "def later():\n    from webapp.jobs import lifecycle  # deferred: app registry"),
        ("analysis/planted.py", "from webapp.videos.models import Video"),
        ("analysis/faces/planted.py", "def later():\n    import django  # deferred: rarely needed"),
        ("webapp/planted.py", "import pytest"),
    ],
)
def test_a_planted_import_breaks_the_contract(place: str, text: str, copied: Path) -> None:
    planted = copied / place
    planted.write_text(text + "\n")
    try:
        assert linted(copied).returncode == 1
    finally:
        planted.unlink()
