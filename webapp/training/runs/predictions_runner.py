"""Keeps what a model said of the samples that it had not learned from, for the pages about it."""

import json
from collections.abc import Mapping
from pathlib import Path

from django.db import transaction

from analysis.training.evaluation.predictions_csv import read_judged
from webapp.training.models import HeldOutPrediction, TrainingRun

BATCH = 500
RUN_FILE, JUDGED_FILE = "run.json", "judged.csv"
"""As `analysis.training.checkpoint` names them; that module loads torch, which a worker's parent must not."""
SCORE_DIGITS = 4


def store_predictions(run: TrainingRun, folder: Path, sample_of_path: Mapping[str, int]) -> int:
    """Replaces the rows of the run by those of its model folder; returns how many there are.

    `sample_of_path`: paths as they were given to the training -> keys of samples. A path without one is kept without
    its sample, so that the figures stay those of the training. Raises DamagedModel.
    """
    labels = json.loads((folder / RUN_FILE).read_text())["labels"]
    rows = [
        HeldOutPrediction(
            run=run,
            sample_id=sample_of_path.get(line.file),
            part=line.part.value,
            truth=line.label,
            said=line.said,
            certainty=line.certainty,
            scores=[round(score, SCORE_DIGITS) for score in line.scores],
        )
        for line in read_judged(folder / JUDGED_FILE, labels)
    ]
    with transaction.atomic():
        run.held_out_predictions.all().delete()
        HeldOutPrediction.objects.bulk_create(rows, batch_size=BATCH)
    return len(rows)
