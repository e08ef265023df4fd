"""The form that starts a training: the recipe and every setting; empty ones take the recipe's default."""

from dataclasses import fields as fields_of
from enum import StrEnum
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.errors import BadTrainingConfig
from analysis.training.config import Recipe, TrainingConfig, defaults, from_json
from webapp.training.runs.readiness_words import RECIPES
from webapp.training.setting_words import ALL, RECIPE_WORDS, YES_NO, Words

MOST_TRIALS = 200
SETTINGS = {each.name: each for each in fields_of(TrainingConfig) if each.name != "recipe"}
PLAIN = defaults(Recipe.AUTO)


class TrainingForm(forms.Form):
    """Asks for recipe, settings, trials and note; `config` holds the settings once the form is valid."""

    recipe = forms.ChoiceField()
    trials = forms.IntegerField(
        label=gettext_lazy("Trials"), required=False, min_value=0, max_value=MOST_TRIALS, widget=forms.NumberInput
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=1000)
    config: TrainingConfig

    def __init__(self, kind: str, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.recipes = RECIPES[kind]
        self.fields["recipe"] = forms.ChoiceField(
            choices=[(recipe.value, RECIPE_WORDS[recipe][0]) for recipe in self.recipes]
        )
        for name, words in ALL.items():
            self.fields[name] = _field(name, words)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        chosen = {name: _value(name, cleaned[name]) for name in ALL if cleaned.get(name) not in (None, "")}
        try:
            self.config = from_json({"recipe": cleaned["recipe"]} | chosen)
        except BadTrainingConfig:
            # Every limit is checked by its field; this is the only rule about two of them.
            self.add_error("head_epochs", _("This cannot be more than the number of epochs."))
        return cleaned


def initial_of(config: TrainingConfig, trials: int) -> dict[str, Any]:
    """Returns form values that train like `config` again: only what differs from the recipe's defaults."""
    standard = defaults(config.recipe)
    differing = {name: getattr(config, name) for name in ALL if getattr(config, name) != getattr(standard, name)}
    typed = {name: _word(value) for name, value in differing.items()}
    return {"recipe": config.recipe.value, "trials": trials or None} | typed


def default_words(name: str, recipe: Recipe) -> str:
    """Returns the recipe's default for a setting, in words for the page."""
    value = getattr(defaults(recipe), name)
    choices = ALL[name].choices or YES_NO
    return str(choices[_word(value)]) if isinstance(value, bool | StrEnum) else f"{value:g}"


def _field(name: str, words: Words) -> forms.Field:
    usual = getattr(PLAIN, name)
    if isinstance(usual, bool | StrEnum):
        options = [(key, text) for key, text in (words.choices or YES_NO).items()]
        return forms.ChoiceField(label=str(words.name), choices=[("", ""), *options], required=False)
    limits = {"min_value": SETTINGS[name].metadata["low"], "max_value": SETTINGS[name].metadata["high"]}
    if isinstance(usual, int):
        return forms.IntegerField(label=str(words.name), required=False, **limits)
    return forms.FloatField(
        label=str(words.name), required=False, widget=forms.NumberInput(attrs={"step": "any"}), **limits
    )


def _value(name: str, typed: Any) -> Any:
    return typed == "yes" if isinstance(getattr(PLAIN, name), bool) else typed


def _word(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.value if isinstance(value, StrEnum) else value
