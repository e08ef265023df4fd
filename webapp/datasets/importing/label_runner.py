"""Labels that come along with an archive, also those that no sample bears."""

from collections.abc import Sequence

from analysis.archives.listed_files import ArchiveLabel
from webapp.datasets.importing.store_runner import Notes
from webapp.datasets.models import Dataset, Label
from webapp.datasets.services import TooManyLabels, clean_label, label_called
from webapp.hues import HUES


def create_labels(dataset: Dataset, wanted: Sequence[ArchiveLabel], notes: Notes) -> None:
    """Creates the labels that the dataset lacks; the others stay as they are."""
    for each in wanted:
        name = clean_label(each.name)
        if not name:
            continue
        before = set(Label.objects.filter(dataset=dataset).values_list("pk", flat=True))
        try:
            label = label_called(dataset, name)
        except TooManyLabels:
            notes.add("too_many_labels")
            return
        if label.name != name:
            notes.add("one_label", names=sorted([label.name, name]))
        if label.pk not in before:
            _set_colour_and_key(label, each)


def _set_colour_and_key(label: Label, wanted: ArchiveLabel) -> None:
    """Sets the colour, and the key where no other label has that."""
    if wanted.hue is not None and 0 <= wanted.hue < HUES:
        Label.objects.filter(pk=label.pk).update(hue=wanted.hue)
    if wanted.key is None or not (wanted.key == "" or (len(wanted.key) == 1 and wanted.key.isalnum())):
        return
    others = Label.objects.filter(dataset=label.dataset_id, key=wanted.key).exclude(key="", pk=label.pk)
    if wanted.key == "" or not others.exclude(pk=label.pk).exists():
        Label.objects.filter(pk=label.pk).update(key=wanted.key)
