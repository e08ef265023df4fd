"""Stores the predictions for held-out samples, for the pages about a model."""

from collections.abc import Mapping
from pathlib import Path

from django.db import transaction

from analysis.training.evaluation.predictions_csv import read_predictions
from analysis.training.model_folder import PREDICTIONS, RUN
from analysis.training.run_document import read_run
from webapp.training.models import HeldOutPrediction, TrainingRun

BATCH = 500
SCORE_DIGITS = 4


def store_predictions(run: TrainingRun, folder: Path, sample_of_path: Mapping[str, int]) -> int:
    """Replaces the run's held-out predictions by those of its model folder; returns how many there are.

    `sample_of_path`: paths as they were given to the training -> keys of samples. A path without one is kept without
    its sample, so that the figures stay those of the training. Raises DamagedModel.
    """
    labels = read_run(folder / RUN)["labels"]
    rows = [
        HeldOutPrediction(
            run=run,
            sample_id=sample_of_path.get(line.file),
            part=line.part.value,
            truth=line.target,
            said=line.predicted,
            certainty=line.certainty,
            scores=[round(score, SCORE_DIGITS) for score in line.scores],
        )
        for line in read_predictions(folder / PREDICTIONS, labels)
    ]
    with transaction.atomic():
        run.held_out_predictions.all().delete()
        HeldOutPrediction.objects.bulk_create(rows, batch_size=BATCH)
    return len(rows)
