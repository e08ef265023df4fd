"""Finds the views that start work, by who mentions whom: those without `starts_work` start it twice when sent twice."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache

from tests.guards.import_rules import Sources

STARTS = "webapp.jobs.lifecycle.create"
MARK = "starts_work"
Function = str
"""Dotted name of a module and of a function at its head."""


def mentions(modules: Sources) -> dict[Function, set[Function]]:
    """Returns for each function at the head of a module those that it mentions, called or handed on.

    A function marked with `starts_work` mentions nothing: whatever it starts, it starts once.
    """
    heads = {f"{module}.{name}" for module, text in modules.items() for name in _functions(text)}
    found: dict[Function, set[Function]] = {}
    for module, text in modules.items():
        names = _names_of(module, text)
        for name, node in _functions(text).items():
            is_marked = any(isinstance(each, ast.Name) and each.id == MARK for each in node.decorator_list)
            found[f"{module}.{name}"] = set() if is_marked else set(_mentioned(node, names, module)) & heads
    return found


def way_to_work(start: Function, graph: Mapping[Function, set[Function]], harmless: set[Function]) -> list[Function]:
    """Returns the way by which a view reaches the creation of a job; empty where there is none."""
    came_from: dict[Function, Function] = {start: ""}
    waiting = [start]
    for each in waiting:  # grows while it is gone through
        if each == STARTS:
            return list(_back(each, came_from))[::-1]
        for mentioned in sorted(graph.get(each, set()) - set(came_from) - harmless):
            came_from[mentioned] = each
            waiting.append(mentioned)
    return []


def _back(last: Function, came_from: Mapping[Function, Function]) -> Iterator[Function]:
    while last:
        yield last
        last = came_from[last]


@cache
def _functions(text: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    body = ast.parse(text).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _names_of(module: str, text: str) -> dict[str, str]:
    """Returns what the names of a module stand for: modules, functions of others, and its own functions."""
    names = {name: f"{module}.{name}" for name in _functions(text)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _mentioned(node: ast.AST, names: Mapping[str, str], module: str) -> Iterator[Function]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in names:
            yield names[each.id]
        elif isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id in names:
            yield f"{names[each.value.id]}.{each.attr}"
