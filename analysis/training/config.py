"""What can be set for a training run, with the defaults of each recipe."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from analysis.errors import BadTrainingConfig

MOST_PICTURE_SIDE_PX = 512


class Recipe(StrEnum):
    """How a model is built and trained."""

    AUTO = "auto"
    TUTORIAL = "tutorial"
    FINETUNE = "finetune"
    FACE_HEAD = "face-head"
    SEQUENCE = "sequence"


class Loss(StrEnum):
    CROSS_ENTROPY = "cross-entropy"
    BCE = "bce"
    MSE = "mse"
    FOCAL = "focal"


class Optimizer(StrEnum):
    SGD = "sgd"
    MOMENTUM = "momentum"
    ADAM = "adam"
    ADAMW = "adamw"


class Schedule(StrEnum):
    CONSTANT = "constant"
    COSINE = "cosine"
    ONE_CYCLE = "one-cycle"


class Augmentation(StrEnum):
    NONE = "none"
    MIRROR = "mirror"
    LIGHT = "light"
    STRONG = "strong"


class Device(StrEnum):
    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def _about(help_text: str, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"help": help_text, "low": low, "high": high}


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Every setting of a run. Use `defaults(recipe)` and `dataclasses.replace`."""

    recipe: Recipe = field(default=Recipe.AUTO, metadata=_about("how the model is built and trained"))
    seed: int = field(
        default=0, metadata=_about("the same seed on the same machine gives the same model", 0, 2**31 - 1)
    )
    epochs: int = field(default=20, metadata=_about("how many times to go through all pictures", 1, 10_000))
    head_epochs: int = field(
        default=0, metadata=_about("epochs at the start that train only the last layer", 0, 10_000)
    )
    batch_size: int = field(default=32, metadata=_about("pictures in each step", 1, 4096))
    picture_size: int = field(
        default=64, metadata=_about("pictures are resized to this many pixels on each side", 16, MOST_PICTURE_SIDE_PX)
    )
    frames: int = field(default=16, metadata=_about("frames taken from each clip (sequence)", 2, 256))
    optimizer: Optimizer = field(default=Optimizer.ADAM, metadata=_about("how weights are updated"))
    learning_rate: float = field(default=1e-3, metadata=_about("step size", 1e-8, 10))
    momentum: float = field(default=0.9, metadata=_about("only for the momentum optimizer", 0, 0.9999))
    weight_decay: float = field(default=0.0, metadata=_about("pull of all weights towards zero", 0, 10))
    schedule: Schedule = field(default=Schedule.CONSTANT, metadata=_about("how the step size changes over the run"))
    loss: Loss = field(default=Loss.CROSS_ENTROPY, metadata=_about("what training minimises"))
    focal_gamma: float = field(default=2.0, metadata=_about("how much the focal loss ignores easy pictures", 0, 10))
    label_smoothing: float = field(
        default=0.0, metadata=_about("how much certainty to take from the correct label", 0, 0.9)
    )
    class_weights: bool = field(default=False, metadata=_about("balance rare and frequent labels"))
    dropout: float = field(default=0.0, metadata=_about("share of values switched off before the last layer", 0, 0.95))
    augmentation: Augmentation = field(
        default=Augmentation.NONE, metadata=_about("random changes to pictures during training")
    )
    patience: int = field(
        default=0, metadata=_about("epochs without improvement before stopping (0: never stop early)", 0, 10_000)
    )
    validation_share: float = field(default=0.2, metadata=_about("share of pictures kept for validation", 0.05, 0.5))
    folds: int = field(default=5, metadata=_about("parts of the cross-validation (auto, face-head)", 2, 20))
    minutes: float = field(
        default=10.0, metadata=_about("a search (tune) begins no new trial after so many", 0.1, 10_000)
    )
    device: Device = field(default=Device.AUTO, metadata=_about("where it computes"))
    mixed_precision: bool = field(default=True, metadata=_about("half precision where it is faster (CUDA)"))
    threads: int = field(default=0, metadata=_about("cores to use; 0: all", 0, 1024))

    def __post_init__(self) -> None:
        for each in fields(self):
            low, high, value = each.metadata["low"], each.metadata["high"], getattr(self, each.name)
            if low is not None and not low <= value <= high:
                raise BadTrainingConfig(f"{each.name}: expected a number from {low:g} to {high:g}, got {value}")
        if self.head_epochs > self.epochs:
            raise BadTrainingConfig(f"head_epochs: expected at most the {self.epochs} epochs, got {self.head_epochs}")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


RECIPE_SETTINGS: dict[Recipe, dict[str, Any]] = {
    Recipe.AUTO: {},
    # The article's: batch 32, 10 epochs, Adam as Keras has it, nothing else.
    Recipe.TUTORIAL: {"epochs": 10},
    Recipe.FINETUNE: {
        "epochs": 14,
        "head_epochs": 2,
        "picture_size": 128,
        "optimizer": Optimizer.ADAMW,
        "learning_rate": 1e-3,
        "weight_decay": 1e-2,
        "schedule": Schedule.ONE_CYCLE,
        "label_smoothing": 0.05,
        "dropout": 0.2,
        "augmentation": Augmentation.LIGHT,
    },
    Recipe.FACE_HEAD: {"picture_size": 112, "augmentation": Augmentation.MIRROR},
    Recipe.SEQUENCE: {
        "epochs": 20,
        "batch_size": 8,
        "picture_size": 64,
        "optimizer": Optimizer.ADAMW,
        "learning_rate": 2e-3,
        "weight_decay": 1e-2,
        "schedule": Schedule.ONE_CYCLE,
        "dropout": 0.2,
    },
}


def defaults(recipe: Recipe, **chosen: Any) -> TrainingConfig:
    """The recipe's settings, with those chosen in their place; raises BadTrainingConfig."""
    unknown = set(chosen) - {each.name for each in fields(TrainingConfig)}
    if unknown:
        raise BadTrainingConfig(f"no such setting: {', '.join(sorted(unknown))}")
    return TrainingConfig(**{"recipe": recipe, **RECIPE_SETTINGS[recipe], **chosen})


def from_json(document: dict[str, Any]) -> TrainingConfig:
    """The inverse of `as_json`; raises BadTrainingConfig for unknown names and values."""
    try:
        recipe = Recipe(document.get("recipe", Recipe.AUTO))
        kinds = {"optimizer": Optimizer, "schedule": Schedule, "loss": Loss, "augmentation": Augmentation}
        kinds["device"] = Device
        settings = {name: value for name, value in document.items() if name != "recipe"}
        typed = {name: kinds[name](value) if name in kinds else value for name, value in settings.items()}
    except ValueError as error:
        raise BadTrainingConfig(str(error)) from error
    return defaults(recipe, **typed)
