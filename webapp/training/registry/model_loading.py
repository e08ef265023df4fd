"""The one loader of stored models: every file that is used is checked, and the latest models stay in the process."""

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from analysis.training.model_folder import MODEL, ONNX, RUN
from webapp.training.models import TrainingRun
from webapp.training.registry.model_file_queries import model_folder

if TYPE_CHECKING:
    from torch import nn

    from analysis.training.predict import LoadedModel

KEPT_MODELS = 2


def loaded_model(run: TrainingRun) -> "LoadedModel":
    """Returns what predicts. Raises DamagedModel when a file is not the one that was stored, or MissingWeights."""
    return _loaded_model(run.pk, run.files.get(RUN, ""))


def loaded_network(run: TrainingRun) -> "nn.Module":
    """Returns the same as a torch network, for explanations; raises as `loaded_model` does."""
    return _loaded_network(run.pk, run.files.get(RUN, ""))


# `run.json` holds the digests of the other files: with another digest of it, it is another model.
@lru_cache(maxsize=KEPT_MODELS)
def _loaded_model(run_id: UUID, digest: str) -> "LoadedModel":
    from analysis.training.predict import load_model  # deferred: loads cv2

    with model_folder(TrainingRun.objects.get(pk=run_id), RUN, ONNX) as folder:
        return load_model(folder, threads=1)


@lru_cache(maxsize=KEPT_MODELS)
def _loaded_network(run_id: UUID, digest: str) -> "nn.Module":
    from analysis.training.evaluation.explain import load_network  # deferred: loads torch

    run = TrainingRun.objects.get(pk=run_id)
    with model_folder(run, RUN, MODEL) as folder:
        return load_network(replace(loaded_model(run), folder=folder))
