"""Makes people alike by as much as a test says, and asks whether they are one."""

from itertools import combinations

import numpy as np

from webapp.accounts.models import Team
from webapp.people import gallery_services, sample_codec
from webapp.people.models import Face, Person, Suggestion

SIZE = 32
"""As the vectors of `tests.factories_videos`."""


def ask(team: Team, first: Person, second: Person, similarity: float = 0.5, *, within: bool = False) -> Suggestion:
    """Stores the question, and views that have this similarity; those of earlier calls keep theirs."""
    pair = Suggestion.objects.create(team=team, first=first, second=second, likeness=similarity, is_within_video=within)
    _make_alike(team)
    return pair


def _make_alike(team: Team) -> None:
    """Changes all their views; cosines are those of the questions, 0 between others, as nearly as vectors can."""
    asked = {frozenset(pair): value for *pair, value in Suggestion.objects.values_list("first", "second", "likeness")}
    people = sorted({person for pair in asked for person in pair})
    cosines = np.eye(len(people))
    for (one, first), (other, second) in combinations(enumerate(people), 2):
        cosines[one, other] = cosines[other, one] = asked.get(frozenset((first, second)), 0.0)
    strengths, directions = np.linalg.eigh(cosines)
    vectors = np.zeros((len(people), SIZE), np.float32)
    vectors[:, : len(people)] = directions * np.sqrt(np.maximum(strengths, 0.0))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for person, vector in zip(people, vectors, strict=True):
        Face.objects.filter(track__person=person).update(embedding=sample_codec.pack_vector(vector))
    gallery_services.refresh(people)
