"""How much of what pages say is translated into each language that is offered.

    python -m benchmarks translations

Prints strings and faults of each catalog, and exits 1 where a language is not complete.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Measures the checkout that it stands in."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    from django.conf import settings

    from tests.guards import translations

    said = [message for message in translations.extracted() if message.id]
    told, faulty = [], 0
    for code, name in settings.LANGUAGES:
        if code == "en":
            continue
        faults = translations.faults(code)
        faulty += len(faults)
        print(f"{name} ({code}): {len(said)} strings, {len(faults)} faults", flush=True)
        for fault in faults:
            print(f"  {fault}")
        told.append(f"{code} {100 * (1 - min(len(faults), len(said)) / len(said)):.2f} %")
    print(f"translations: {len(said)} strings; {', '.join(told)} (target 100 %): {'missed' if faulty else 'met'}")
    sys.exit(1 if faulty else 0)
