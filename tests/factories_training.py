"""Plain functions that make training runs; every argument has a default."""

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.utils import timezone

from tests.factories import make_job, make_team
from webapp import storage
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset, Part, Sample, VersionSample
from webapp.jobs.models import JobKind, Status
from webapp.training.models import HeldOutPrediction, TrainingRun

LABELS = ("none", "glasses")


def make_figures(
    right: int = 180, count: int = 200, sources: int = 14, labels: Sequence[str] = LABELS
) -> dict[str, Any]:
    """The document of one part in `run.json`, with all wrong ones said to be the first label."""
    share, spread = right / count, 2 * math.sqrt(right / count * (1 - right / count) / count)
    around = [max(0.0, share - spread), min(1.0, share + spread)]
    each = {"precision": share, "recall": share, "f1": share, "f1_interval": around, "count": count // len(labels)}
    confusion = [[right // len(labels) if a == b else 0 for b in range(len(labels))] for a in range(len(labels))]
    confusion[-1][0] += count - right
    return {
        "count": count,
        "sources": sources,
        "accuracy": share,
        "accuracy_interval": around,
        "macro_f1": share,
        "macro_f1_interval": around,
        "per_label": dict.fromkeys(labels, each),
        "auc": 0.95,
        "auc_per_label": dict.fromkeys(labels, 0.95),
        "expected_calibration_error": 0.04,
        "log_loss": 0.3,
        "calibration": [
            {"confidence": 0.65, "accuracy": 0.6, "count": count // 4},
            {"confidence": 0.95, "accuracy": 0.97, "count": count - count // 4},
        ],
        "confusion": confusion,
    }


def make_result(labels: Sequence[str] = LABELS, **fields: Any) -> dict[str, Any]:
    """As `run.json` is; `test` and `validation` are figures or None."""
    usual: dict[str, Any] = {
        "schema": 1,
        "recipe": "tutorial",
        "chosen_recipe": "tutorial",
        "why": "The recipe tutorial was asked for.",
        "labels": list(labels),
        "config": {"recipe": "tutorial", "seed": 0, "epochs": 10, "learning_rate": 0.001, "batch_size": 32},
        "split": {"train": 800, "validation": 200, "test": 200, "method": "stored", "sources": 60},
        "temperature": 1.1,
        "threshold": 0.5,
        "validation": make_figures(labels=labels),
        "test": make_figures(labels=labels),
        "warnings": [],
        "seconds": 61.0,
        "device": "cpu",
    }
    return usual | fields


def make_run(
    *, team: Team | None = None, dataset: Dataset | None = None, status: str = Status.DONE, **fields: Any
) -> TrainingRun:
    """Of a dataset, or of one that is gone; done unless `status` says otherwise. Without files."""
    team = team or (dataset.team if dataset else make_team())
    line = fields.pop("line", None) or (dataset.pk if dataset else uuid4())
    latest = TrainingRun.objects.filter(line=line).order_by("-number").first()
    result = fields.pop("result", None) or make_result()
    ended = None if status in (Status.QUEUED, Status.RUNNING) else timezone.now()
    usual: dict[str, Any] = {
        "number": latest.number + 1 if latest else 1,
        "dataset": dataset,
        "dataset_name": dataset.name if dataset else "Glasses",
        "kind": dataset.kind if dataset else "faces",
        "version_number": 1,
        "version_fingerprint": "f" * 64,
        "recipe": "tutorial",
        "config": result["config"],
        "result": result if status == Status.DONE else {},
    }
    run = TrainingRun.objects.create(team=team, line=line, **(usual | fields))
    run.job = make_job(team=team, kind=JobKind.TRAIN, subject_id=run.pk, status=status, finished_at=ended)
    run.save()
    return run


def make_predictions(
    run: TrainingRun, samples: Sequence[Sample | None], *, part: str = Part.TEST, wrong: Sequence[int] = ()
) -> list[HeldOutPrediction]:
    """Truth is the sample's label (or alternates); those at the places in `wrong` are said to be the other, surely."""
    labels = run.result["labels"]
    rows = []
    for place, sample in enumerate(samples):
        truth = sample.label.name if sample is not None and sample.label else labels[place % len(labels)]
        number = labels.index(truth)
        said = (number + 1) % len(labels) if place in wrong else number
        certainty = 0.6 + (place * 37 % 40) / 100
        rest = (1 - certainty) / (len(labels) - 1)
        scores = [certainty if n == said else rest for n in range(len(labels))]
        fields = {"truth": truth, "said": labels[said], "certainty": certainty, "scores": scores}
        rows.append(HeldOutPrediction(run=run, sample=sample, part=part, **fields))
    return HeldOutPrediction.objects.bulk_create(rows)


def freeze_into(version: Any, samples: Sequence[Sample], part: str = Part.TRAIN) -> None:
    """Rows of a version without drawing a split."""
    VersionSample.objects.bulk_create(
        VersionSample(version=version, sample=s, label=s.label.name if s.label else "", part=part, source=s.source)
        for s in samples
    )


def store_model(run: TrainingRun, folder: Path) -> TrainingRun:
    """As the worker leaves it: the files of a model folder in the store, their hashes and `run.json` in the row."""
    for name in ("run.json", "model.pt", "model.onnx", "model_card.md"):
        content = (folder / name).read_bytes()
        storage.put_bytes(f"{run.files_prefix}/{name}", content)
        run.files[name] = hashlib.sha256(content).hexdigest()
    run.result = json.loads((folder / "run.json").read_text())
    run.save()
    return run
