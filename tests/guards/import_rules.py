"""Rules of who may import whom that go by the names of files; import-linter (pyproject.toml) holds the order of apps.

Each rule takes modules as text, so that a test can plant a violation.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parents[2]
Sources = Mapping[str, str]
"""Dotted name of a module -> its text."""

CONTRACTS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
APPS = [layer.removeprefix("webapp.") for layer in reversed(CONTRACTS[0]["layers"])]
"""Each may import those before it."""

LAYERS: tuple[tuple[str, ...], ...] = (
    ("models", "choices", "types", "errors", "signals", "rules", "codec", "info", "ids", "files", "queues", "stream"),
    ("queries", "words", "formats", "state"),
    ("services", "events", "lifecycle", "updates", "adapter"),
    ("runner", "loading", "reader", "reaper"),
    ("tasks", "cleanup"),
    ("forms", "context", "processors", "responses", "toasts"),
    ("views", "consumers", "middleware"),
    ("urls",),
    ("apps", "commands"),
)
"""Last words of file names, lowest layer first: nothing imports a module of a higher layer."""
RANK = {word: rank for rank, layer in enumerate(LAYERS) for word in layer}
WORKERS = (RANK["runner"], RANK["tasks"])

HEAVY = ("torch", "cv2", "onnxruntime")
"""Used before a fork they hang the child; loaded by the web server they cost it memory and its start."""
REASONS = (
    *(f"loads {name}" for name in (*HEAVY, "av", "kornia", "onnx", "optuna", "scipy")),
    "app registry",
    "rarely needed",
    "one command of many",
)
"""All that excuses an import inside a function: `# deferred: REASON` on its first line."""


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One imported module. `reason`: what its line gives for standing inside a function; None at the head."""

    importer: str
    imported: str
    line: int
    is_deferred: bool
    reason: str | None


def sources(*folders: str) -> dict[str, str]:
    """Returns every module of the folders but migrations."""
    paths = [path for folder in folders for path in sorted((PROJECT / folder).rglob("*.py"))]
    return {dotted(path): path.read_text() for path in paths if "migrations" not in path.parts}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(modules: Sources) -> Iterator[ImportLine]:
    """Yields every import but those for type checkers only. `from package import module` names the module."""
    for importer, text in modules.items():
        for line, is_deferred, reason, names in _statements(text):
            imported = {full if full in modules else base for base, full in names}
            yield from (ImportLine(importer, name, line, is_deferred, reason) for name in sorted(imported))


Statement = tuple[int, bool, str | None, tuple[tuple[str, str], ...]]
"""Line, deferred or not, reason, and for each name the module it is taken from and the module that it may be itself."""


@cache
def _statements(text: str) -> tuple[Statement, ...]:
    lines = text.splitlines()
    found: list[Statement] = []
    for node, is_deferred in _import_nodes(ast.parse(text).body):
        reason = lines[node.lineno - 1].partition("# deferred: ")[2].strip() or None
        if isinstance(node, ast.Import):
            names = tuple((alias.name, alias.name) for alias in node.names)
        else:
            names = tuple((str(node.module), f"{node.module}.{alias.name}") for alias in node.names)
        found.append((node.lineno, is_deferred, reason, names))
    return tuple(found)


def _import_nodes(
    statements: list[ast.stmt], is_deferred: bool = False
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for node in statements:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, is_deferred
        elif not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            inside = is_deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for block in ("body", "orelse", "finalbody"):
                yield from _import_nodes(getattr(node, block, []), inside)
            for handler in getattr(node, "handlers", []):
                yield from _import_nodes(handler.body, inside)


def app_of(module: str) -> str | None:
    """The app that a module belongs to, None for those at the root of `webapp`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "webapp" and parts[1] in APPS else None


@cache
def layer_of(module: str) -> int | None:
    """The layer that the file's name says."""
    if ".management.commands." in module:
        return RANK["commands"]
    return RANK.get(module.rsplit(".", 1)[-1].rsplit("_", 1)[-1])


def without_layer(modules: Sources) -> list[str]:
    """Files of apps whose names do not say what they are."""
    packages = {module.rsplit(".", 1)[0] for module in modules}
    return [name for name in modules if app_of(name) and name not in packages and layer_of(name) is None]


def against_apps(modules: Sources) -> list[str]:
    """Imports of an app that stands higher; import-linter forbids them, this counts them."""
    return [
        _told(each)
        for each in imports_of(modules)
        if (importer := app_of(each.importer)) and (imported := app_of(each.imported))
        if APPS.index(imported) > APPS.index(importer)
    ]


def against_layers(modules: Sources) -> list[str]:
    """Imports of a higher layer, of any app."""
    found = []
    for each in imports_of(modules):
        importer, imported = layer_of(each.importer), layer_of(each.imported)
        if app_of(each.importer) and app_of(each.imported) and importer is not None and imported is not None:
            found += [_told(each)] * (imported > importer)
    return found


def views_of_others(modules: Sources) -> list[str]:
    """Imports of an app's views from another app, and of any views from what workers run."""
    return [
        _told(each)
        for each in imports_of(modules)
        if app_of(each.imported)
        and each.imported.endswith(("views", "consumers"))
        and (app_of(each.importer) not in (app_of(each.imported), None) or layer_of(each.importer) in WORKERS)
    ]


def deferred_without_reason(modules: Sources) -> list[str]:
    """Imports inside functions that give no reason of the list."""
    return [_told(each) for each in imports_of(modules) if each.is_deferred and each.reason not in REASONS]


def heavy_heads(modules: Sources) -> list[str]:
    """Heads that import a heavy package and are loaded by the web server or a parent of workers, with the way there."""
    heads: dict[str, set[str]] = {}
    for each in imports_of(modules):
        if not each.is_deferred:
            heads.setdefault(each.importer, set()).add(each.imported)
    came_from: dict[str, str] = {name: "" for name in modules if _is_loaded_first(name)}
    waiting = list(came_from)
    for module in waiting:  # grows while it is gone through
        for imported in sorted(heads.get(module, set()) & modules.keys() - came_from.keys()):
            came_from[imported] = module
            waiting.append(imported)
    return [
        f"{_way(name, came_from)} -> {heavy}"
        for name in came_from
        for heavy in HEAVY
        if any(imported.split(".")[0] == heavy for imported in heads.get(name, ()))
    ]


def _is_loaded_first(module: str) -> bool:
    """Tasks by the parent of every worker; apps, models, addresses and templates by the web server."""
    last = module.rsplit(".", 1)[-1]
    return module.startswith("webapp.") and (
        last in ("apps", "asgi", "celery", "consumers", "models", "routing", "tasks", "urls")
        or ".templatetags." in module
        or module.startswith("webapp.supervisor.")
    )


def _way(name: str, came_from: Mapping[str, str]) -> str:
    way = [name]
    while came_from[way[-1]]:
        way.append(came_from[way[-1]])
    return " -> ".join(reversed(way))


def _told(each: ImportLine) -> str:
    return f"{each.importer}:{each.line} imports {each.imported}"
