"""Suggests labels for the unlabelled samples of a dataset by its deployed model."""

import logging
from collections.abc import Sequence

from analysis.errors import AnalysisError, DamagedModel
from analysis.images.limited_read import PictureReader
from analysis.training.data.samples import TrainingSample
from webapp import storage
from webapp.datasets.models import Dataset, Sample
from webapp.datasets.signals import Suggester, Suggestion
from webapp.training.registry import model_loading, queries

logger = logging.getLogger(__name__)


def suggester_for(dataset: Dataset, **_signal: object) -> Suggester | None:
    """Returns a suggester that uses a dataset's deployed model; None without one, or when its files were changed."""
    run = queries.deployed_run(dataset.pk)
    if run is None:
        return None
    from analysis.training.data.inputs import see  # deferred: loads cv2

    try:
        model = model_loading.loaded_model(run)
    except DamagedModel as error:
        logger.warning("No suggestions by run %s: %s", run.pk, error)
        return None
    keys = {name.casefold(): pk for pk, name in dataset.labels.values_list("pk", "name")}

    def suggest(samples: Sequence[Sample]) -> list[Suggestion | None]:
        suggestions: list[Suggestion | None] = [None] * len(samples)
        places, seen = [], []
        with PictureReader() as reader:
            for place, sample in enumerate(samples):
                try:
                    with storage.local_path(sample.key) as path:
                        seen.append(see(TrainingSample(path, ""), model.input_spec, reader))
                except (FileNotFoundError, AnalysisError) as error:
                    logger.info("No suggestion for sample %s: %s", sample.pk, error)
                    continue
                places.append(place)
        scores = model.scores(seen)
        for place, label, row in zip(places, model.decide(scores), scores, strict=True):
            # One that was removed or renamed after the training cannot be suggested.
            if label.casefold() in keys:
                suggestions[place] = keys[label.casefold()], float(row[model.labels.index(label)])
        return suggestions

    return suggest
