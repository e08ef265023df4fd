"""Lists the benchmarks, or runs one of them: `python -m benchmarks [NAME [options]]`."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path


def titles() -> dict[str, str]:
    """Returns name and first docstring line of every benchmark, read from the source so that nothing is imported."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
        module = ast.parse(path.read_text())
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in module.body):
            found[path.stem] = (ast.get_docstring(module) or "").partition("\n")[0]
    return found


def main() -> int:
    benchmarks = titles()
    if len(sys.argv) < 2:
        for name, title in benchmarks.items():
            print(f"{name:14s} {title}")
        return 0
    name = sys.argv.pop(1)
    if name not in benchmarks:
        print(f"no benchmark {name!r}; there are {', '.join(benchmarks)}", file=sys.stderr)
        return 2
    sys.argv[0] = f"python -m benchmarks {name}"
    importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
