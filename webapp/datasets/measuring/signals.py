"""Other apps may say which label a sample probably bears, so that datasets need not know of models."""

from collections.abc import Callable, Sequence

from webapp.datasets.models import Dataset, Sample

Suggestion = tuple[int, float]
"""Key of a label of the dataset, and how certain it is, 0..1."""
Suggester = Callable[[Sequence[Sample]], list[Suggestion | None]]
"""None for a sample of which it can say nothing."""
Hook = Callable[[Dataset], Suggester | None]
_hooks: list[Hook] = []


def register(hook: Hook) -> None:
    """Has `hook` asked, in the worker, who may judge the samples of a dataset."""
    if hook not in _hooks:
        _hooks.append(hook)


def suggester_for(dataset: Dataset) -> Suggester | None:
    return next((found for hook in _hooks if (found := hook(dataset)) is not None), None)
