"""Tells open pages of a dataset that samples have changed; they ask for the rows they show."""

from collections.abc import Sequence

from django.db import transaction

from webapp.datasets.models import Dataset
from webapp.jobs import live_updates

MOST_TOLD = 500
"""Beyond that many the page asks for everything it shows."""


def samples_changed(dataset: Dataset, numbers: Sequence[int]) -> None:
    """Sends the message after the commit. An empty `numbers` in it means "many"."""
    if not numbers:
        return
    told = list(numbers) if len(numbers) <= MOST_TOLD else []
    payload: dict[str, object] = {"type": "samples", "subject": str(dataset.pk), "numbers": told}
    transaction.on_commit(lambda: live_updates.publish(payload, dataset.team_id, dataset.pk))
