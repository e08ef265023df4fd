"""What datasets ask of the apps above them: which model is deployed, and which labels samples probably bear.

Receivers answer None where they have nothing to say; the first other answer counts.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.dispatch import Signal

from webapp.datasets.models import Dataset, Sample

Suggestion = tuple[int, float]
"""Key of a label of the dataset, and how certain it is, 0..1."""
Suggester = Callable[[Sequence[Sample]], list[Suggestion | None]]
"""None for a sample of which it can say nothing."""

deployed_model_wanted = Signal()
"""Sent with `dataset`, in the web; receivers return the training run whose model is deployed."""
label_suggester_wanted = Signal()
"""Sent with `dataset`, in the worker; receivers return a `Suggester`."""


def first_answer(signal: Signal, dataset: Dataset) -> Any:
    """Returns what the first receiver answers that has an answer, else None."""
    answers = (answer for _receiver, answer in signal.send(Dataset, dataset=dataset))
    return next((answer for answer in answers if answer is not None), None)
