"""Measures of names and lengths that the guards hold and `python -m benchmarks house` prints."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[2]
EVERYWHERE = ("analysis", "webapp", "benchmarks", "tests")
MOST_PARAMETERS = 7
SAME_BY_CONVENTION = {"Command"}
"""Django finds a management command by this name."""


def sources(*folders: str) -> list[Path]:
    """Returns every Python file of the folders but migrations."""
    found = [path for folder in folders for path in sorted((PROJECT / folder).rglob("*.py"))]
    assert found
    return [path for path in found if "migrations" not in path.parts]


def functions_of(*folders: str) -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yields every function and method."""
    for path in sources(*folders):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def lengths_of_functions(*folders: str) -> list[int]:
    """Returns the lines of each function, its head and docstring included."""
    return [(node.end_lineno or node.lineno) - node.lineno + 1 for _path, node in functions_of(*folders)]


def with_many_parameters(*folders: str) -> list[str]:
    """Returns functions that take more than a reader keeps in mind, however they are passed."""
    return [
        f"{path.relative_to(PROJECT)}:{node.lineno} {node.name}"
        for path, node in functions_of(*folders)
        if len(node.args.posonlyargs + node.args.args + node.args.kwonlyargs) > MOST_PARAMETERS
    ]


def classes_named_twice() -> dict[str, list[str]]:
    """Returns classes at the heads of modules that share a name: a reader who searches for one finds the other."""
    places: dict[str, list[str]] = {}
    for path in sources(*EVERYWHERE):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name not in SAME_BY_CONVENTION:
                places.setdefault(node.name, []).append(str(path.relative_to(PROJECT)))
    return {name: found for name, found in places.items() if len(found) > 1}


def template_lines(longest: int) -> tuple[int, int]:
    """Returns how many lines of templates are longer than so many characters, and how many there are."""
    lines = [line for path in (PROJECT / "templates").rglob("*.html") for line in path.read_text().splitlines()]
    return sum(len(line) > longest for line in lines), len(lines)
