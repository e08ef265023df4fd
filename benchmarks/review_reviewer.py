"""A truthful reviewer who answers the questions of a team in the product's order. Import it once Django is set up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from uuid import UUID

import numpy as np

from analysis.faces import same_picture
from analysis.types import Float32, Float64
from benchmarks.face_truth import FaceTruth, is_noted
from benchmarks.review_sheet import DrawnQuestion
from webapp import storage
from webapp.accounts.models import Team
from webapp.people import sample_codec
from webapp.people.acts import services
from webapp.people.models import Face, Person, Track
from webapp.people.review import queries
from webapp.people.review import services as review_services


@dataclass(slots=True)
class ReviewOutcome:
    """What came of a team's review."""

    people: int
    unclear: int
    left: int
    mixed: list[str]
    """People with faces of two persons, in words."""
    questions: list[DrawnQuestion] = field(default_factory=list)
    wrongly_ticked: int = 0

    @property
    def right(self) -> int:
        return sum(question.is_same for question in self.questions)

    @property
    def impossible(self) -> int:
        return sum(question.is_impossible for question in self.questions)


class Reviewer:
    """Knows by the ground truth whose faces the tracks of a team show."""

    def __init__(self, team: Team, truth: FaceTruth) -> None:
        self.team = team
        self.shown: dict[int, Counter[str]] = defaultdict(Counter)
        faces = Face.objects.filter(track__analysis__video__team=team).select_related("analysis__video")
        for face in faces:
            video = face.analysis.video
            box = np.array([face.x1, face.y1, face.x2, face.y2], np.float32)
            if face.track_id is not None:
                self.shown[face.track_id][truth.person_of(video.title, face.time_s, box, video.width)] += 1

    def faces_of(self, person: Person) -> Counter[str]:
        """Returns how many views of a person show whom."""
        total: Counter[str] = Counter()
        for track in Track.objects.filter(person=person).values_list("pk", flat=True):
            total += self.shown[track]
        return total

    def who(self, person: Person) -> str:
        """Returns whom most views show."""
        most = self.faces_of(person).most_common(1)
        return most[0][0] if most else "nobody?"

    def are_same(self, first: Person, second: Person) -> bool:
        """Returns whether both are noted to be one person."""
        who = self.who(first)
        return is_noted(who) and who == self.who(second)

    def mixed(self) -> list[str]:
        """Returns in words the people whose views show two persons."""
        found = []
        for person in Person.objects.filter(team=self.team, merged_into=None, tracks__isnull=False).distinct():
            faces = self.faces_of(person)
            if len(faces) > 1:
                found.append(f"{person}: " + ", ".join(f"{who} {count} times" for who, count in faces.most_common()))
        return found


def answer_questions(team: Team, truth: FaceTruth, most: int, *, one_by_one: bool) -> ReviewOutcome:
    """Answers the first questions, at most `most`; of groups the true are ticked, or only the pair is answered."""
    reviewer = Reviewer(team, truth)
    people = Person.objects.filter(team=team, tracks__isnull=False).distinct().count()
    unclear = Track.objects.filter(analysis__video__team=team, person=None, joined_to=None).count()
    question, left = queries.next_question(team)
    outcome = ReviewOutcome(people, unclear, left, reviewer.mixed())
    while question is not None and len(outcome.questions) < most and not question.was_skipped:
        question = replace(question, also=[]) if one_by_one else question
        ticked = [question.other, *(member.person for member in question.also if member.is_sure)]
        wrong = [person for person in ticked if not reviewer.are_same(person, question.keeps)]
        outcome.questions.append(_drawn(reviewer, question, ticked, is_same=not wrong))
        outcome.wrongly_ticked += len(wrong) if question.also else 0
        _answer(reviewer, question)
        question, _ = queries.next_question(team)
    return outcome


def _answer(reviewer: Reviewer, question: queries.ReviewQuestion) -> None:
    offered = [question.other, *(member.person for member in question.also)]
    same = [person for person in offered if reviewer.are_same(person, question.keeps)]
    if same:
        services.merge_people(*same, target=question.keeps, user=None)
        review_services.skip_people(reviewer.team, question.keeps, [each for each in offered if each not in same])
    else:
        services.tell_apart(question.other, question.keeps, user=None)


def _drawn(
    reviewer: Reviewer, question: queries.ReviewQuestion, ticked: Sequence[Person], *, is_same: bool
) -> DrawnQuestion:
    asked = [question.keeps, *ticked]
    pictures = [storage.read_bytes(face.picture_key) for face in (*question.keeps_views[:2], *question.other_views[:2])]
    pictures += [storage.read_bytes(each.portrait.picture_key) for each in ticked[1:] if each.portrait]
    return DrawnQuestion(
        people=[f"{person} ({reviewer.who(person)})" for person in asked],
        similarity=question.similarity,
        chance=question.chance,
        is_same=is_same,
        is_impossible=any(_in_one_picture(one.pk, other.pk) for one, other in combinations(asked, 2)),
        pictures=pictures,
    )


def _in_one_picture(first: UUID, second: UUID) -> bool:
    """Looks at every sample of both, independently of what the queue looked at."""
    tracks: dict[UUID, dict[UUID, list[tuple[Float64, Float32]]]] = defaultdict(lambda: defaultdict(list))
    for track in Track.objects.filter(person__in=[first, second]):
        times_s, boxes_xyxy, _ = sample_codec.unpack(track.samples, track.start_s)
        if track.person_id is not None:
            tracks[track.analysis_id][track.person_id].append((times_s, boxes_xyxy))
    return any(same_picture.first_together(own[first], own[second]) is not None for own in tracks.values())
