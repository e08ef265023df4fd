"""Says whether a version of a dataset can be trained on, with which recipes, and why not."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.training.config import Recipe
from analysis.training.data.samples import FEWEST_PER_LABEL
from webapp.datasets.models import DatasetKind, Part
from webapp.http.list_words import listed

LEAST_PER_LABEL = 10
"""Two labels need so many samples each; with fewer a model memorises pictures instead of learning the label."""
RECIPES: dict[str, tuple[Recipe, ...]] = {
    DatasetKind.FACES: (Recipe.AUTO, Recipe.FACE_HEAD, Recipe.FINETUNE, Recipe.TUTORIAL),
    DatasetKind.FRAMES: (Recipe.AUTO, Recipe.FINETUNE, Recipe.TUTORIAL),
    DatasetKind.CLIPS: (Recipe.AUTO, Recipe.SEQUENCE),
}
"""The recipes for each kind of dataset, the recommended one first."""
Statistics = Mapping[str, Any]


def obstacles(statistics: Statistics, kind: str, recipe: Recipe = Recipe.AUTO) -> list[str]:
    """Returns the reasons why a training cannot start, as sentences; none when it can."""
    labels: Mapping[str, Mapping[str, int]] = statistics["labels"]
    counts = {label: sum(parts.values()) for label, parts in labels.items()}
    found = []
    if len(counts) < 2:
        only = next(iter(counts), "")
        found.append(_("A model needs at least two labels, but this version only has “%(label)s”.") % {"label": only})
    elif sum(count >= LEAST_PER_LABEL for count in counts.values()) < 2:
        found.append(_too_few(counts, kind))
    found += [
        _("“%(label)s” needs at least %(least)d samples outside the test set, but has only %(n)d.")
        % {"label": label, "n": learned, "least": FEWEST_PER_LABEL}
        for label, parts in labels.items()
        if (learned := parts[Part.TRAIN] + parts[Part.VALIDATION]) < FEWEST_PER_LABEL
    ]
    found += [
        _("“%(label)s” has no training samples: all of them are in the validation set.") % {"label": label}
        for label, parts in labels.items()
        if not parts[Part.TRAIN] and parts[Part.VALIDATION] >= FEWEST_PER_LABEL
    ]
    if recipe not in RECIPES[kind]:
        found.append(_("This training method does not work with this kind of dataset. Choose another one."))
    return found


def _too_few(counts: Mapping[str, int], kind: str) -> str:
    """Says which labels are short: "At least two labels need 10 or more pictures each. “open” has 4." """
    least = {"least": LEAST_PER_LABEL}
    if kind == DatasetKind.CLIPS:
        needed = _("At least two labels need %(least)d or more clips each") % least
    else:
        needed = _("At least two labels need %(least)d or more pictures each") % least
    short = [
        ngettext("“%(label)s” has %(n)d", "“%(label)s” has %(n)d", count) % {"label": label, "n": count}
        for label, count in sorted(counts.items(), key=lambda pair: -pair[1])
        if count < LEAST_PER_LABEL
    ]
    return _("%(needed)s. %(short)s.") % {"needed": needed, "short": listed(short)}
