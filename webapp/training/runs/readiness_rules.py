"""Whether a version of a dataset can be trained on, and with which recipes; the reasons in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.training.config import Recipe
from analysis.training.data.samples import FEWEST_PER_LABEL
from webapp.datasets.models import DatasetKind, Part

LEAST_PER_LABEL = 10
"""Pictures of a label, below which a model learns the pictures rather than the label; two labels need so many."""
RECIPES: dict[str, tuple[Recipe, ...]] = {
    DatasetKind.FACES: (Recipe.AUTO, Recipe.FACE_HEAD, Recipe.FINETUNE, Recipe.TUTORIAL),
    DatasetKind.FRAMES: (Recipe.AUTO, Recipe.FINETUNE, Recipe.TUTORIAL),
    DatasetKind.CLIPS: (Recipe.AUTO, Recipe.SEQUENCE),
}
"""What fits each kind of dataset, the recommended one first."""
Statistics = Mapping[str, Any]


def obstacles(statistics: Statistics, kind: str, recipe: Recipe = Recipe.AUTO) -> list[str]:
    """Sentences; empty when a training can start."""
    labels: Mapping[str, Mapping[str, int]] = statistics["labels"]
    counts = {label: sum(parts.values()) for label, parts in labels.items()}
    found = []
    if len(counts) < 2:
        only = next(iter(counts), "")
        found.append(_("A model needs at least two labels; this version has only “%(label)s”.") % {"label": only})
    elif sum(count >= LEAST_PER_LABEL for count in counts.values()) < 2:
        found.append(_too_few(counts, kind))
    found += [
        _("“%(label)s” has too few samples outside of the test: %(n)d of at least %(least)d.")
        % {"label": label, "n": learned, "least": FEWEST_PER_LABEL}
        for label, parts in labels.items()
        if (learned := parts[Part.TRAIN] + parts[Part.VALIDATION]) < FEWEST_PER_LABEL
    ]
    found += [
        _("“%(label)s” has no sample to learn from: all stand in the validation.") % {"label": label}
        for label, parts in labels.items()
        if not parts[Part.TRAIN] and parts[Part.VALIDATION] >= FEWEST_PER_LABEL
    ]
    if recipe not in RECIPES[kind]:
        found.append(_("This way of training does not fit what is in the dataset."))
    return found


def _too_few(counts: Mapping[str, int], kind: str) -> str:
    """ "Two labels need at least 10 pictures each; “smile” has 4."."""
    least = {"least": LEAST_PER_LABEL}
    if kind == DatasetKind.CLIPS:
        needed = _("Two labels need at least %(least)d clips each") % least
    else:
        needed = _("Two labels need at least %(least)d pictures each") % least
    short = [
        ngettext("“%(label)s” has %(n)d", "“%(label)s” has %(n)d", count) % {"label": label, "n": count}
        for label, count in sorted(counts.items(), key=lambda pair: -pair[1])
        if count < LEAST_PER_LABEL
    ]
    return _("%(needed)s; %(short)s.") % {"needed": needed, "short": ", ".join(short)}
