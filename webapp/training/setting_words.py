"""Every setting of a training in plain words: its name, what it is in two sentences, and its choices."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.training.config import Device, Loss, Optimizer, Recipe, Schedule
from webapp.datasets.augmentation_words import AUGMENTATION_WORDS

HEADS = (Recipe.AUTO, Recipe.FACE_HEAD)
NETWORKS = (Recipe.TUTORIAL, Recipe.FINETUNE, Recipe.SEQUENCE)
EVERY = HEADS + NETWORKS
PICTURE_NETWORKS = (Recipe.TUTORIAL, Recipe.FINETUNE)


@dataclass(frozen=True, slots=True)
class Words:
    """`recipes`: those on which the setting has an effect."""

    name: Promise
    meaning: Promise
    recipes: tuple[Recipe, ...] = NETWORKS
    choices: dict[str, Promise] = field(default_factory=dict)


LEARNING: dict[str, Words] = {
    "epochs": Words(
        _("Epochs"),
        _("How often every picture is shown. More give it time to learn, and time to learn by heart."),
    ),
    "head_epochs": Words(
        _("Epochs for the head alone"),
        _(
            "So many epochs at the beginning change only the last layer. What the network knew before is not spoiled "
            "while that layer still guesses."
        ),
        (Recipe.FINETUNE,),
    ),
    "batch_size": Words(
        _("Batch"),
        _("How many pictures are looked at before each step. Larger ones are steadier and need more memory."),
    ),
    "loss": Words(
        _("Loss"),
        _("The number that training makes small: how wrong the answers are. Cross-entropy is right nearly always."),
        choices={
            Loss.CROSS_ENTROPY: _("Cross-entropy"),
            Loss.BCE: _("Binary cross-entropy, label by label"),
            Loss.MSE: _("Squared error, as in the tutorial"),
            Loss.FOCAL: _("Focal: looks past easy pictures"),
        },
    ),
    "focal_gamma": Words(
        _("Focus of the focal loss"),
        _("How much less easy pictures count. It has no effect on other losses."),
    ),
    "optimizer": Words(
        _("Optimiser"),
        _("How each step is made from what went wrong. Adam and AdamW find good step sizes by themselves."),
        choices={
            Optimizer.ADAM: _("Adam"),
            Optimizer.ADAMW: _("AdamW"),
            Optimizer.MOMENTUM: _("SGD with momentum"),
            Optimizer.SGD: _("SGD"),
        },
    ),
    "learning_rate": Words(
        _("Learning rate"),
        _("The size of the steps. Too large and it never settles, too small and it hardly moves."),
    ),
    "momentum": Words(
        _("Momentum"),
        _("How much of the last step goes into the next. Only the optimiser SGD with momentum uses it."),
    ),
    "schedule": Words(
        _("Schedule"),
        _("How the size of the steps changes over the run. One cycle starts small, grows, and ends very small."),
        choices={
            Schedule.CONSTANT: _("Always the same"),
            Schedule.COSINE: _("Slowly falling (cosine)"),
            Schedule.ONE_CYCLE: _("One cycle"),
        },
    ),
}
BY_HEART: dict[str, Words] = {
    "augmentation": Words(
        _("Random changes"),
        _("Pictures are mirrored, turned or recoloured a little each time. It learns what matters, not the pictures."),
        (*HEADS, *PICTURE_NETWORKS),
        AUGMENTATION_WORDS,
    ),
    "dropout": Words(
        _("Dropout"),
        _("This share of values is switched off at random before the last layer. No single one can be relied on then."),
    ),
    "weight_decay": Words(
        _("Weight decay"),
        _("A steady pull of all weights towards zero. It keeps a network from bending itself around single pictures."),
    ),
    "label_smoothing": Words(
        _("Label smoothing"),
        _("Takes a little certainty away from the right label. Scores become less boastful."),
    ),
    "class_weights": Words(
        _("Rare labels weigh as much"),
        _("A label with few pictures counts as much as one with many. Useful where the rare one is what you look for."),
        EVERY,
    ),
    "patience": Words(
        _("Patience"),
        _("It stops when nothing has become better for so many epochs. 0 means that it never stops early."),
    ),
}
DATA: dict[str, Words] = {
    "picture_size": Words(
        _("Picture size"),
        _("Every picture is scaled to so many pixels on each side. Larger shows more detail and takes longer."),
    ),
    "frames": Words(
        _("Frames of a clip"),
        _("So many moments, evenly spread, are taken of each clip. More show quick movements better."),
        (Recipe.SEQUENCE,),
    ),
    "validation_share": Words(
        _("Share for validation"),
        _("How much is kept to check with while it learns. It counts only for a version without a validation part."),
        EVERY,
    ),
    "folds": Words(
        _("Folds"),
        _("In how many parts pictures are checked in turn. It counts only for a version without a validation part."),
        HEADS,
    ),
    "seed": Words(
        _("Seed"),
        _("The number that chance begins with. The same one on the same machine gives the same model."),
        EVERY,
    ),
}
MACHINE: dict[str, Words] = {
    "device": Words(
        _("Device"),
        _("Where it computes. A graphics card is many times as fast; without one the processor does it."),
        EVERY,
        {
            Device.AUTO: _("Graphics card where there is one"),
            Device.CPU: _("Processor"),
            Device.CUDA: _("Graphics card"),
        },
    ),
    "mixed_precision": Words(
        _("Half precision"),
        _("Computes with shorter numbers on a graphics card. It is faster and as good; processors ignore it."),
    ),
    "threads": Words(
        _("Cores"),
        _("How many cores of the processor it may use. 0 means all of them."),
        EVERY,
    ),
}
SEARCH: dict[str, Words] = {
    "minutes": Words(
        _("Minutes at most"),
        _("No new trial of the search begins after these. The one that runs is finished."),
        EVERY,
    ),
}
GROUPS: tuple[tuple[Promise, dict[str, Words]], ...] = (
    (_("How it learns"), LEARNING),
    (_("Against learning by heart"), BY_HEART),
    (_("Data"), DATA),
    (_("Machine"), MACHINE),
)
ALL = LEARNING | BY_HEART | DATA | MACHINE | SEARCH

RECIPE_WORDS: dict[Recipe, tuple[Promise, Promise]] = {
    Recipe.AUTO: (
        _("Recommended"),
        _("Tries several ways to look with networks that know pictures already, and takes the one that does best."),
    ),
    Recipe.FACE_HEAD: (
        _("A small head on faces"),
        _("Builds on a network that tells people apart; right for few pictures of faces."),
    ),
    Recipe.FINETUNE: (
        _("Fine-tune a network"),
        _("Takes a network that has seen a million pictures and adapts it to yours; slower, and needs more samples."),
    ),
    Recipe.TUTORIAL: (
        _("The tutorial's network"),
        _("Two convolutions on 64 x 64 pixels, learned from nothing: small, quick, and good to understand."),
    ),
    Recipe.SEQUENCE: (
        _("Frame after frame"),
        _("Looks at the frames of a clip in their order, so that movements can be told apart."),
    ),
}

YES_NO = {"yes": _("Yes"), "no": _("No")}
NOT_SETTINGS: dict[str, Promise] = {"recipe": _("Way of training"), "version": _("Version")}
"""What runs are compared by as well."""


def name_of(setting: str) -> str:
    """Of one that only a newer worker knows, its name in the library."""
    known = ALL.get(setting)
    return str(known.name if known else NOT_SETTINGS.get(setting, setting))


def value_of(setting: str, value: Any) -> str:
    """As people read it: "Light", "Yes", "0.001"; empty where a run had no such setting."""
    if value is None:
        return ""
    if setting == "recipe" and value in list(Recipe):
        return str(RECIPE_WORDS[Recipe(value)][0])
    if isinstance(value, bool):
        return str(YES_NO["yes" if value else "no"])
    if isinstance(value, str):
        known = ALL.get(setting)
        return str(known.choices.get(value, value) if known else value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)
