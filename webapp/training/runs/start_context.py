"""The template context of the page that starts a training: data, recipes, settings, and why it cannot start."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.forms import BoundField, ChoiceField
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from analysis.training.config import Recipe
from webapp.datasets.models import Dataset, Version
from webapp.datasets.page_context import head_context
from webapp.datasets.versions.words import label_table, split_summary
from webapp.training.models import TrainingRun
from webapp.training.runs import queries, readiness_words
from webapp.training.runs.forms import TrainingForm, default_words
from webapp.training.setting_words import ALL, GROUPS, RECIPE_WORDS, SEARCH, YES_NO

HALF_A_ROW = 18
"""Characters that fit into a list beside another field, even on a phone."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One field under *Advanced*. `recipes`: those it affects; `defaults`: what each of these sets, recipe -> words."""

    field: BoundField
    meaning: Promise
    recipes: list[str]
    defaults: dict[str, str]
    shown: str
    """The default of the recipe that is chosen now."""
    is_wide: bool = False
    """Its choices are too long for a place beside another field."""


def frame(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    """Returns the head and tabs of a dataset's page, with *Train* as the current tab."""
    return head_context(request, dataset) | {"tab": "train"}


def context(
    request: HttpRequest, version: Version, form: TrainingForm, visible_runs: QuerySet[TrainingRun]
) -> dict[str, Any]:
    """Returns all that the page shows, with `form` as it was sent or filled in."""
    statistics, kind = version.statistics, version.dataset.kind
    chosen = Recipe(form["recipe"].value()) if form["recipe"].value() in form.recipes else form.recipes[0]
    groups = [
        (title, [_setting(form, name, chosen) for name in names if _counts(name, form)]) for title, names in GROUPS
    ]
    changed = any(form[name].value() not in (None, "") for name in ALL if name not in SEARCH)
    return frame(request, version.dataset) | {
        "version": version,
        "versions": queries.versions_to_choose(version.dataset),
        "summary": split_summary(statistics),
        "table": label_table(statistics),
        "form": form,
        "recipes": [(recipe.value, *RECIPE_WORDS[recipe], recipe == chosen) for recipe in form.recipes],
        "groups": [(title, settings) for title, settings in groups if settings],
        "search": [_setting(form, name, chosen) for name in SEARCH],
        "is_changed": changed or bool(form.errors),
        "obstacles": readiness_words.obstacles(statistics, kind),
        "rows": queries.recent_runs(visible_runs.filter(line=version.dataset_id)),
    }


def _counts(name: str, form: TrainingForm) -> bool:
    return any(recipe in ALL[name].recipes for recipe in form.recipes)


def _setting(form: TrainingForm, name: str, chosen: Recipe) -> Setting:
    words = ALL[name]
    defaults = {recipe.value: default_words(name, recipe) for recipe in form.recipes if recipe in words.recipes}
    shown = defaults.get(chosen.value) or next(iter(defaults.values()))
    field = form[name]
    is_wide = False
    if isinstance(field.field, ChoiceField):
        field.field.choices = [("", _("%(value)s (default)") % {"value": shown}), *(words.choices or YES_NO).items()]
        is_wide = any(len(str(text)) > HALF_A_ROW for _value, text in field.field.choices)
    else:
        field.field.widget.attrs["placeholder"] = shown
    return Setting(field, words.meaning, list(defaults), defaults, shown, is_wide)
