"""Rules of the house that a reader relies on: who imports whom, how long things are, what is where."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

PROJECT = Path(__file__).parents[2]
FORBIDDEN_IN_ANALYSIS = {"django", "celery", "channels", "channels_redis", "redis", "webapp", "kombu"}
RANKS = {"models": 0, "runner": 1, "tasks": 2, "services": 3, "views": 4, "consumers": 4, "urls": 5, "routing": 5}
"""Nothing imports a module that stands higher: views -> services -> tasks -> runner."""
MOST_LINES_IN_A_FILE = 400
MOST_LINES_IN_A_FUNCTION = 60


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((PROJECT / folder).rglob("*.py"))]
    assert found
    return [path for path in found if "migrations" not in path.parts]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("path", sources("analysis"), ids=name)
def test_the_analysis_library_knows_nothing_of_the_web(path: Path) -> None:
    assert not {module.split(".")[0] for module in imported(path)} & FORBIDDEN_IN_ANALYSIS


@pytest.mark.parametrize("path", sources("webapp"), ids=name)
def test_imports_go_one_way(path: Path) -> None:
    rank = RANKS.get(path.stem)
    if rank is None:
        return
    for module in imported(path):
        parts = module.split(".")
        if parts[0] == "webapp" and len(parts) == 3:
            assert RANKS.get(parts[2], 0) <= rank, f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", sources("webapp/jobs"), ids=name)
def test_jobs_know_nothing_of_videos(path: Path) -> None:
    assert not [module for module in imported(path) if module.startswith(("webapp.videos", "webapp.people"))]


@pytest.mark.parametrize("path", sources("analysis", "webapp", "tests", "benchmarks"), ids=name)
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MOST_LINES_IN_A_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= MOST_LINES_IN_A_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", sources("analysis", "webapp"), ids=name)
def test_each_module_says_what_it_is_for(path: Path) -> None:
    assert not path.read_text().strip() or ast.get_docstring(ast.parse(path.read_text()))


def test_only_the_lifecycle_writes_a_jobs_status() -> None:
    for path in sources("webapp"):
        if path.name != "lifecycle.py":
            assert not re.search(r"update\([^)]*\bstatus=|job\w*\.status = ", path.read_text()), name(path)


def test_no_process_that_forks_or_serves_pages_loads_torch_onnx_or_opencv() -> None:
    """A worker's parent loads the tasks, then forks; torch used before a fork hangs the child."""
    script = (
        "import django, sys; django.setup(); import webapp.asgi, webapp.urls\n"
        "from webapp.celery import app; app.loader.import_default_modules()\n"
        "assert 'run_analysis' in app.tasks\n"
        "sys.exit(','.join({'torch', 'onnxruntime', 'cv2'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


TEMPLATES = sorted((PROJECT / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_hold_no_inline_code_or_style(path: Path) -> None:
    """The content security policy would block it silently."""
    text = path.read_text()
    assert not re.search(r"""\s(on[a-z]+|style)\s*=\s*["']""", text)
    assert not re.search(r"<script(?![^>]*(src=|nonce=))", text)
    assert "<style" not in text


def test_no_two_style_sheets_speak_of_the_same_thing() -> None:
    """Every page loads all of them, so that one kind of page would change the look of another."""
    files: dict[str, set[str]] = {}
    for path in sorted((PROJECT / "static" / "css").glob("*.css")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        for selectors in re.findall(r"^([^\s@{}][^{}]*)\{", text, flags=re.M):
            for selector in selectors.split(","):
                files.setdefault(selector.strip(), set()).add(path.name)
    shared = {selector: names for selector, names in files.items() if len(names) > 1 and selector.startswith(".")}
    assert not shared
