"""Finds the files of a trained model in the store and verifies their SHA-256."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from analysis.errors import DamagedModel
from analysis.training.model_folder import CARD, MODEL, ONNX, RUN
from analysis.weights import sha256_of
from webapp import storage
from webapp.training.models import TrainingRun

DOWNLOADS = (ONNX, MODEL, CARD, RUN)


def key_of(run: TrainingRun, name: str) -> str:
    """Returns the storage key of a file of the model."""
    return f"{run.files_prefix}/{name}"


def verified_key(run: TrainingRun, name: str) -> str:
    """Returns the key of a file after reading all of it. Raises DamagedModel where it is missing or was changed."""
    key = key_of(run, name)
    try:
        with storage.local_path(key) as path:
            digest = sha256_of(path)
    except FileNotFoundError as error:
        raise DamagedModel(f"{key}: missing") from error
    if digest != run.files.get(name):
        raise DamagedModel(f"{key}: differs from the file that the training wrote (SHA-256)")
    return key


@contextmanager
def model_folder(run: TrainingRun, *names: str) -> Iterator[Path]:
    """Yields a folder of these files as `analysis.training` reads it; gone after the `with`. Raises DamagedModel.

    `run.json` is checked here, against the row; the model files against `run.json` by who loads them.
    """
    verified_key(run, RUN)
    with storage.scratch_dir() as folder, ExitStack() as opened:
        for name in names:
            try:
                path = opened.enter_context(storage.local_path(key_of(run, name)))
            except FileNotFoundError as error:
                raise DamagedModel(f"{key_of(run, name)}: missing") from error
            (folder / name).symlink_to(path)
        yield folder
