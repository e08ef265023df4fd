"""`run.json`: the types of what a training run tells of itself, and the checks of whoever reads it.

Neither torch nor Django is loaded, so that web pages may use it. `run_schema.json` is the same for other programs:
`python -m analysis.training.run_document` prints it.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NotRequired, TypedDict, cast, get_args, get_origin, get_type_hints, is_typeddict

from analysis.errors import DamagedModel

SCHEMA_VERSION = 1
"""Rises when a key changes its meaning or goes; new keys alone leave it. Files without one are read unchecked."""
_JSON_TYPES: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


class LabelFigures(TypedDict):
    """How well one label is told from the others."""

    precision: float
    recall: float
    f1: float
    f1_interval: list[float]
    count: int


class CalibrationBin(TypedDict):
    """Samples whose first choice has about the same score, 0..1."""

    confidence: float
    accuracy: float
    count: int


class PartFigures(TypedDict):
    """Figures of one part; intervals are `[low, high]` and hold with 95 % confidence."""

    count: int
    sources: int
    accuracy: float
    accuracy_interval: list[float]
    macro_f1: float
    macro_f1_interval: list[float]
    per_label: dict[str, LabelFigures]
    auc: float | None
    auc_per_label: dict[str, float | None]
    expected_calibration_error: float
    log_loss: float
    calibration: list[CalibrationBin]
    confusion: list[list[int]]
    """Rows are the targets, columns the predictions."""


class RunWarning(TypedDict):
    """Something that makes the figures worth less than they look."""

    code: str
    text: str
    files: list[str]


class SplitDocument(TypedDict):
    """How many samples each part has, and what kept samples of one source together."""

    train: int
    validation: int
    test: int
    method: str
    grouped_by: list[str]
    sources: int
    labels: dict[str, int]
    folds: NotRequired[int]
    """Only where it was cross-validated."""


class ModelDocument(TypedDict):
    """What is needed to build the network again."""

    kind: str
    outputs: int
    inputs: list[str]
    picture_size: int
    frames: int
    dropout: float
    branches: list[str]


class EpochDocument(TypedDict):
    """One epoch of a network, or one round of the solver of a linear probe."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    accuracy: float
    learning_rate: float
    seconds: float
    pictures_per_s: NotRequired[float]


class TriedFeatures(TypedDict):
    """What cross-validation found for one choice of features; `strength` is the inverse regularisation."""

    features: str
    strength: float
    log_loss: float
    accuracy: float


class TrainingSummary(TypedDict):
    """How the training went. Some keys are only for networks, others only for linear probes."""

    why: str
    stopped: str
    pictures_per_s: float
    batch_size: NotRequired[int]
    loading_share: NotRequired[float]
    features: NotRequired[str]
    strength: NotRequired[float]
    tried: NotRequired[list[TriedFeatures]]
    missing_files: NotRequired[int]
    """Samples whose files were gone when the web application began the run."""


class RunDocument(TrainingSummary):
    """The content of `run.json`."""

    schema: int
    schema_version: NotRequired[int]
    recipe: str
    chosen_recipe: str
    created: str
    config: dict[str, Any]
    labels: list[str]
    model: ModelDocument
    parameters: int
    split: SplitDocument
    history: list[EpochDocument]
    temperature: float
    threshold: float
    validation: PartFigures
    test: PartFigures | None
    warnings: list[RunWarning]
    data_fingerprint: str
    device: str
    versions: dict[str, str]
    onnx_difference: float
    files: dict[str, str]
    """SHA-256 of each file that the run wrote beside this one."""
    seconds: float
    cpu_seconds: float


def read_run(path: Path) -> RunDocument:
    """Returns a checked `run.json`; raises DamagedModel, also for a newer version than this one reads."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedModel(f"{path}: missing or unreadable") from error
    if not isinstance(document, dict) or document.get("schema") != 1:
        raise DamagedModel(f"{path}: not of a kind that this version reads")
    version = document.get("schema_version")
    if version is not None:
        if version != SCHEMA_VERSION:
            raise DamagedModel(f"{path}: schema_version {version}, but this version of Rollcall reads {SCHEMA_VERSION}")
        problem = problem_of(document)
        if problem:
            raise DamagedModel(f"{path}: {problem}")
    return cast(RunDocument, document)


def figures_of(run: RunDocument, part: str) -> PartFigures | None:
    """Returns the figures of "validation" or "test"; None for a test that there was not."""
    return run["test"] if part == "test" else run["validation"]


def problem_of(document: object) -> str:
    """Returns the first thing in which a document differs from the schema, or ""."""
    return _problem(document, schema(), "run")


@cache
def schema() -> dict[str, Any]:
    """Returns `run.json` as JSON Schema (draft 2020-12). Keys that it does not know are allowed."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "run.json of a Rollcall model"}
    return head | _schema_of(RunDocument)


def _schema_of(kind: Any) -> dict[str, Any]:
    """Returns the schema of a TypedDict, list, dict with text keys, union or plain type."""
    if is_typeddict(kind):
        hints = get_type_hints(kind)
        properties = {name: _schema_of(each) for name, each in hints.items()}
        return {"type": "object", "properties": properties, "required": sorted(kind.__required_keys__)}
    origin, inside = get_origin(kind), get_args(kind)
    if origin is list:
        return {"type": "array", "items": _schema_of(inside[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema_of(inside[1])}
    if origin is UnionType:
        return {"anyOf": [_schema_of(each) for each in inside]}
    return {} if kind is Any else {"type": _JSON_TYPES[kind]}


def _problem(value: object, expected: Mapping[str, Any], name: str) -> str:
    if "anyOf" in expected:
        problems = [_problem(value, each, name) for each in expected["anyOf"]]
        return "" if "" in problems else problems[0]
    if "type" in expected and not _is(value, expected["type"]):
        return f"{name}: expected {expected['type']}, got {type(value).__name__}"
    if isinstance(value, dict):
        for key in expected.get("required", ()):
            if key not in value:
                return f"{name}: lacks {key}"
        others = expected.get("additionalProperties", {})
        known = expected.get("properties", {})
        parts = [(each, known.get(key, others), f"{name}.{key}") for key, each in value.items()]
    elif isinstance(value, list):
        parts = [(each, expected.get("items", {}), f"{name}[{number}]") for number, each in enumerate(value)]
    else:
        parts = []
    return next(filter(None, (_problem(*part) for part in parts)), "")


def _is(value: object, kind: str) -> bool:
    """JSON knows one kind of number, and no whole number is a truth value."""
    if isinstance(value, bool):
        return kind == "boolean"
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": int | float, "null": NoneType}
    return kind in kinds and isinstance(value, kinds[kind])


if __name__ == "__main__":
    print(json.dumps(schema(), indent=1))
