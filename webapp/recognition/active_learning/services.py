"""Answers to uncertain moments become labelled samples of the dataset, and can be undone."""

import hashlib
from dataclasses import dataclass

from django.utils import timezone

from webapp import storage
from webapp.accounts.models import User
from webapp.datasets.importing import single_moment_services
from webapp.datasets.importing.single_moment_services import Moment
from webapp.datasets.labelling import services as labelling
from webapp.datasets.measuring.services import request_suggestions
from webapp.datasets.models import Dataset, Label, LabellingAct
from webapp.recognition.models import Observation


class AnsweredAlready(Exception):
    """The moment was answered already, by somebody else or a second press."""


class TooLate(Exception):
    """The answer cannot be undone now: its sample is just being added, or was changed since."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer did: `act` labelled a sample that was there; None: the moment is being added to the dataset."""

    act: LabellingAct | None
    was_there: bool


def answer(observation: Observation, dataset: Dataset, label: Label, *, user: User) -> Answered:
    """Labels a moment, and adds it to the dataset or labels the sample that is there. Raises AnsweredAlready."""
    open_one = Observation.objects.filter(pk=observation.pk, answered_at=None)
    if not open_one.update(answer=label.name, answered_by=user, answered_at=timezone.now()):
        raise AnsweredAlready
    moment = moment_of(observation, label.name)
    sample = single_moment_services.same_moment(dataset, moment, _content_of(observation))
    if sample is None:
        single_moment_services.add_moment(dataset, moment, user=user)
        return Answered(None, was_there=False)
    done = labelling.label_samples(dataset, user=user, label=label, seen={sample.number: sample.revision})
    if done.act is not None:
        request_suggestions(dataset)
    return Answered(done.act, was_there=True)


def skip(observation: Observation) -> None:
    """Moves a moment to the end of the queue."""
    Observation.objects.filter(pk=observation.pk, answered_at=None).update(skipped_at=timezone.now())


def undo_answer(observation: Observation, dataset: Dataset, act: LabellingAct | None, *, user: User) -> None:
    """Undoes an answer. Raises TooLate."""
    if not observation.answer:
        return
    if act is not None:
        if not labelling.undo(act, user=user).changed:
            raise TooLate
    elif not single_moment_services.remove_moment(dataset, moment_of(observation, observation.answer)):
        raise TooLate
    Observation.objects.filter(pk=observation.pk).update(answer="", answered_by=None, answered_at=None)


def moment_of(observation: Observation, label: str) -> Moment:
    """Returns an observation as a moment that can be added to a dataset under `label`."""
    return Moment(
        video=str(observation.recognition.video_id),
        time_s=observation.time_s,
        label=label,
        length_s=observation.duration_s,
        track=observation.track_id,
        face=str(observation.face_id) if observation.face_id else "",
    )


def _content_of(observation: Observation) -> str:
    """Returns the SHA-256 of the stored face view, by which a dataset knows it; empty where there is none."""
    if observation.face is None:
        return ""
    try:
        return hashlib.sha256(storage.read_bytes(observation.face.picture_key)).hexdigest()
    except FileNotFoundError:
        return ""
