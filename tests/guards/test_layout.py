"""Rules of the house that a reader relies on: who imports whom, how long things are, what is where."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.guards.layout_rules import PROJECT, classes_named_twice, sources, template_lines, with_many_parameters

MOST_LINES_IN_A_FILE = 400
MOST_LINES_IN_A_FUNCTION = 60


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def test_files_and_functions_stay_short() -> None:
    """One test for all files, as those below: thousands of tests take half a minute for nothing."""
    paths = sources("analysis", "webapp", "tests", "benchmarks")
    assert len(paths) > 900
    assert [told for path in paths for told in too_long(path)] == []


def too_long(path: Path) -> Iterator[str]:
    text = path.read_text()
    if (lines := len(text.splitlines())) > MOST_LINES_IN_A_FILE:
        yield f"{name(path)} has {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > MOST_LINES_IN_A_FUNCTION:
                yield f"{name(path)}: {node.name} has {length} lines"


def test_no_function_takes_more_than_a_reader_keeps_in_mind() -> None:
    assert with_many_parameters("analysis", "webapp") == []


def test_no_two_classes_share_a_name() -> None:
    assert classes_named_twice() == {}


def test_lines_of_templates_fit_a_window() -> None:
    long, lines = template_lines(200)
    assert lines > 1000 and long <= 0.005 * lines


def test_each_module_says_what_it_is_for() -> None:
    texts = {name(path): path.read_text() for path in sources("analysis", "webapp")}
    assert [path for path, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))] == []


def test_only_the_lifecycle_writes_a_jobs_status() -> None:
    for path in sources("webapp"):
        if path.name != "lifecycle.py":
            assert not re.search(r"update\([^)]*\bstatus=|job\w*\.status = ", path.read_text()), name(path)


def test_no_process_that_forks_or_serves_pages_loads_torch_onnx_or_opencv() -> None:
    """A worker's parent loads the tasks, then forks; torch used before a fork hangs the child."""
    script = (
        "import django, sys; django.setup(); import webapp.asgi, webapp.urls\n"
        "from webapp.celery import app; app.loader.import_default_modules()\n"
        "from webapp.jobs.job_tasks import TASKS; assert 'work_on_next' in app.tasks and 'analysis' in TASKS\n"
        "sys.exit(','.join({'torch', 'onnxruntime', 'cv2'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


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
