"""How easily a stranger finds his way: names, imports, lengths and lines of the code itself.

    python -m benchmarks house

Prints each figure with its target and exits 1 where one is missed. Migrations are left out everywhere.
"""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from pathlib import Path

from tests.guards import import_rules, layout_rules

PROJECT = Path(__file__).parents[1]
PRODUCT = ("analysis", "webapp")


def main() -> None:
    """Measures the checkout that it stands in."""
    missed = 0

    def say(what: str, figure: float | str, target: str, is_met: bool) -> None:
        nonlocal missed
        missed += not is_met
        print(f"{what:58s} {figure!s:>12}   target {target}{'' if is_met else '   MISSED'}", flush=True)

    web = import_rules.sources("webapp")
    known = sum(import_rules.layer_of(name) is not None for name in web)
    say("files of webapp whose name tells the layer", f"{known} of {len(web)}", ">= 150", known >= 150)
    against = len(import_rules.against_apps(web))
    say("imports against the order of apps", against, "<= 1", against <= 1)
    twice = len(layout_rules.classes_named_twice())
    say("classes named twice", twice, "0", twice == 0)
    many = len(layout_rules.with_many_parameters(*PRODUCT))
    say("functions with 8 or more parameters", many, "0", many == 0)
    for folder, median, p90, longest in (("analysis", 7, 21, 58), ("webapp", 6, 16, 36)):
        lengths = sorted(layout_rules.lengths_of_functions(folder))
        found = (statistics.median(lengths), lengths[int(0.9 * len(lengths))], lengths[-1])
        told = " / ".join(f"{each:g}" for each in found)
        is_met = found[0] <= median and found[1] <= p90 and found[2] <= max(longest, 58)
        say(f"functions of {folder}: median / p90 / longest", told, f"{median} / {p90} / {longest}", is_met)
    long, lines = layout_rules.template_lines(200)
    say("template lines over 200 characters", f"{100 * long / lines:.2f} %", "<= 0.5 %", long / lines <= 0.005)
    counted = Counter({name: _lines(name, suffix) for name, suffix in (("analysis", "py"), ("webapp", "py"))})
    say("lines of Python", counted.total(), "fewer than 35,000", counted.total() < 35_000)
    scripts = _lines("static/js", "js")
    say("lines of scripts", scripts, "fewer than 4,407", scripts < 4_407)
    print(f"house: {missed} of its targets missed")
    sys.exit(1 if missed else 0)


def _lines(folder: str, suffix: str) -> int:
    paths = [path for path in (PROJECT / folder).rglob(f"*.{suffix}") if "migrations" not in path.parts]
    return sum(len(path.read_text().splitlines()) for path in paths)


if __name__ == "__main__":
    main()
