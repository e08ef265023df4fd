"""What pages show of a version's statistics: its parts, its labels, and what an honest reader has to know."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webapp.datasets.models import Part
from webapp.datasets.versions import split_rules

WARNINGS: dict[str, tuple[Promise, Promise]] = {
    split_rules.ONE_SOURCE: (
        _("All samples come from one source, so a fair test is not possible."),
        _(
            "Results will show how well a model knows this source, not how it does on other videos. "
            "Add samples from other videos."
        ),
    ),
    split_rules.NOT_EXAMINED: (
        _("Not checked for duplicates yet."),
        _("The same picture could be in training and test. Let the doctor check the dataset, then create a version."),
    ),
    split_rules.GIVEN_APART: (
        _("Some samples are not in the set that they came with."),
        _("The same source, person or picture came in several sets. It is in one now, so that the test is fair."),
    ),
    split_rules.FEW_SOURCES: (
        _("Very few sources are left for testing."),
        _("Results may differ a lot on other videos. Add samples until five or more sources are used for testing."),
    ),
    split_rules.LABEL_MISSING: (
        _("A label is missing from one of the sets."),
        _("Its samples come from too few sources. Add some from other videos."),
    ),
    split_rules.THIN_LABEL: (
        _("A label has fewer than 10 training samples."),
        _("Label more samples, or delete the label."),
    ),
}


def split_summary(statistics: dict[str, Any]) -> dict[str, Any]:
    """Returns what `datasets/_parts.html` and `_warnings.html` show."""
    parts, left = [], 0.0
    for part in Part:
        width = 100 * statistics["parts"][part] / statistics["samples"]
        facts = {"count": statistics["parts"][part], "sources": statistics["part_sources"][part]}
        parts.append({"name": part.label, "value": part.value, "left": left, "width": width, **facts})
        left += width
    warnings = [WARNINGS[code] for code in statistics["warnings"]]
    return {"parts": parts, "warnings": warnings, "statistics": statistics}


def label_table(statistics: dict[str, Any]) -> list[tuple[str, list[int], int]]:
    """Returns each label with its count in each part and in total, the most frequent first."""
    labels = statistics["labels"].items()
    rows = [(label, [counts[part] for part in Part], sum(counts.values())) for label, counts in labels]
    return sorted(rows, key=lambda row: (-row[2], row[0]))
