"""Every training setting in plain words: its name, its meaning in two sentences, and its choices."""

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
    """The words of one setting; `recipes` are those on which it has an effect."""

    name: Promise
    meaning: Promise
    recipes: tuple[Recipe, ...] = NETWORKS
    choices: dict[str, Promise] = field(default_factory=dict)


LEARNING: dict[str, Words] = {
    "epochs": Words(
        _("Epochs"),
        _("How many times it goes through all the pictures. More time to learn also means more time to overfit."),
    ),
    "head_epochs": Words(
        _("Epochs for the last layer only"),
        _(
            "For this many epochs at the start, only the last layer is trained. This protects what the network already "
            "knows while the new layer is still guessing."
        ),
        (Recipe.FINETUNE,),
    ),
    "batch_size": Words(
        _("Batch size"),
        _("How many pictures it learns from at each step. Larger batches are steadier and need more memory."),
    ),
    "loss": Words(
        _("Loss"),
        _("Measures how wrong the predictions are. Training makes it smaller. Cross-entropy nearly always works best."),
        choices={
            Loss.CROSS_ENTROPY: _("Cross-entropy"),
            Loss.BCE: _("Binary cross-entropy, per label"),
            Loss.MSE: _("Squared error"),
            Loss.FOCAL: _("Focal: puts less weight on easy pictures"),
        },
    ),
    "focal_gamma": Words(
        _("Focal loss gamma"), _("How much less easy pictures count. It only affects the focal loss.")
    ),
    "optimizer": Words(
        _("Optimiser"),
        _("How the network changes after each batch. Adam and AdamW adapt the step size automatically."),
        choices={
            Optimizer.ADAM: _("Adam"),
            Optimizer.ADAMW: _("AdamW"),
            Optimizer.MOMENTUM: _("SGD with momentum"),
            Optimizer.SGD: _("SGD"),
        },
    ),
    "learning_rate": Words(
        _("Learning rate"), _("The size of each step. Too large and it never settles, too small and it barely learns.")
    ),
    "momentum": Words(
        _("Momentum"), _("How much of the last step carries over into the next. Only SGD with momentum uses it.")
    ),
    "schedule": Words(
        _("Learning rate schedule"),
        _("How the learning rate changes during training. One cycle starts small, grows, and ends very small."),
        choices={
            Schedule.CONSTANT: _("Constant"),
            Schedule.COSINE: _("Cosine decay"),
            Schedule.ONE_CYCLE: _("One cycle"),
        },
    ),
}
BY_HEART: dict[str, Words] = {
    "augmentation": Words(
        _("Random changes"),
        _("Pictures are slightly mirrored, rotated or recoloured each time. This helps it learn what matters."),
        (*HEADS, *PICTURE_NETWORKS),
        AUGMENTATION_WORDS,
    ),
    "dropout": Words(
        _("Dropout"),
        _("Randomly ignores this share of features before the last layer. This keeps it from relying on just a few."),
    ),
    "weight_decay": Words(
        _("Weight decay"),
        _("Steadily pulls all weights towards zero. This keeps it from fitting individual pictures too closely."),
    ),
    "label_smoothing": Words(
        _("Label smoothing"), _("Trains towards slightly less than full certainty. This makes it less overconfident.")
    ),
    "class_weights": Words(
        _("Balance rare labels"),
        _("A label with few pictures counts as much as one with many. Use it when you are looking for something rare."),
        EVERY,
    ),
    "patience": Words(
        _("Patience"), _("Stops after this many epochs without improvement. 0 means it never stops early.")
    ),
}
DATA: dict[str, Words] = {
    "picture_size": Words(
        _("Picture size"),
        _("Pictures are resized to this many pixels on each side. Larger ones show more detail and take longer."),
    ),
    "frames": Words(
        _("Frames per clip"),
        _("How many evenly spaced frames are taken from each clip. More frames capture fast movement better."),
        (Recipe.SEQUENCE,),
    ),
    "validation_share": Words(
        _("Validation share"),
        _("How much is set aside to check progress. Only used for versions without a validation set."),
        EVERY,
    ),
    "folds": Words(
        _("Folds"),
        _("How many parts are checked in turn (cross-validation). Only used for versions without a validation set."),
        HEADS,
    ),
    "seed": Words(
        _("Random seed"),
        _("The number that randomness starts from. The same seed on the same machine gives the same model."),
        EVERY,
    ),
}
MACHINE: dict[str, Words] = {
    "device": Words(
        _("Device"),
        _("Where it trains. A graphics card (GPU) is many times faster than the CPU."),
        EVERY,
        {Device.AUTO: _("GPU if available"), Device.CPU: _("CPU"), Device.CUDA: _("GPU")},
    ),
    "mixed_precision": Words(
        _("Mixed precision"), _("Uses shorter numbers on a GPU. It is faster and just as good. A CPU ignores it.")
    ),
    "threads": Words(_("CPU cores"), _("How many CPU cores it may use. 0 means all of them."), EVERY),
}
SEARCH: dict[str, Words] = {
    "minutes": Words(
        _("Time limit (minutes)"), _("No new trial starts after this time. The current one still finishes."), EVERY
    )
}
GROUPS: tuple[tuple[Promise, dict[str, Words]], ...] = (
    (_("Learning"), LEARNING),
    (_("Against overfitting"), BY_HEART),
    (_("Data"), DATA),
    (_("Machine"), MACHINE),
)
ALL = LEARNING | BY_HEART | DATA | MACHINE | SEARCH

RECIPE_WORDS: dict[Recipe, tuple[Promise, Promise]] = {
    Recipe.AUTO: (_("Recommended"), _("Tries features from several pretrained networks and keeps what works best.")),
    Recipe.FACE_HEAD: (
        _("Small classifier for faces"),
        _("Builds on a face recognition network. Good when you have few pictures of faces."),
    ),
    Recipe.FINETUNE: (
        _("Fine-tune a network"),
        _("Adapts a network trained on a million pictures to yours. Slower, and needs more samples."),
    ),
    Recipe.TUTORIAL: (
        _("Small network"),
        _("Two convolutions on 64 × 64 pixels, trained from scratch: small, fast and easy to understand."),
    ),
    Recipe.SEQUENCE: (_("Frame sequence"), _("Reads the frames of a clip in order, so it can tell movements apart.")),
}

YES_NO = {"yes": _("Yes"), "no": _("No")}
NOT_SETTINGS: dict[str, Promise] = {"recipe": _("Method"), "version": _("Version")}
"""What else runs are compared by."""


def name_of(setting: str) -> str:
    """Returns the name of a setting for people; the library's own name where it has no words here."""
    known = ALL.get(setting)
    return str(known.name if known else NOT_SETTINGS.get(setting, setting))


def value_of(setting: str, value: Any) -> str:
    """Returns a setting's value for people: "Light", "Yes", "0.001"; empty where a run had no such setting."""
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
