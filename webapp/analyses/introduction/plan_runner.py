"""Works out whose each track would be by other vectors or rules; writes nothing about people.

What somebody decided is replayed: those tracks stay whose they are. People about whom nobody decided anything are found
anew, video by video in order of upload, and keep their rows where most of their tracks do.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import numpy as np

from analysis import pipeline
from analysis.faces.clarity import clear_views
from analysis.faces.group import mean_vector
from analysis.faces.same_picture import first_together
from analysis.faces.thresholds import EmbedderThresholds
from analysis.types import Float32, FoundFace, FoundTrack, Grouping
from webapp.analyses import earlier_answers_runner, stored_results_queries
from webapp.analyses.introduction.gallery import PlannedGallery, View, Who
from webapp.analyses.introduction.vectors_runner import vectors_by_face
from webapp.people import constraint_queries, sample_codec
from webapp.people.clarity_queries import is_clear
from webapp.people.identification import threshold_queries
from webapp.people.introduction import queries
from webapp.people.introduction.decision_queries import Decisions, decisions_of
from webapp.people.introduction.models import Introduction
from webapp.people.models import Face, Person, Track
from webapp.videos.models import Analysis


@dataclass(frozen=True, slots=True)
class PlannedTrack:
    """One track before and after."""

    track: int
    analysis: UUID
    before: UUID | None
    after: UUID | None
    joined_before: int | None
    joined_after: int | None
    is_appearance: bool
    """Not the continuation of another track."""

    @property
    def changes(self) -> bool:
        return (self.before, self.joined_before) != (self.after, self.joined_after)


@dataclass(slots=True)
class _PlacedTrack:
    """A track with whom it was found to be."""

    row: Track
    who: Who | None
    joined_to: int | None


@dataclass(slots=True)
class Planner:
    """Goes through the videos of a team in order of upload."""

    introduction: Introduction
    thresholds: EmbedderThresholds
    decisions: Decisions
    gallery: PlannedGallery
    tracks: list[_PlacedTrack] = field(default_factory=list)
    strangers: int = 0
    _means: dict[UUID, Float32] = field(default_factory=dict)
    _seeds: dict[UUID, Float32] = field(default_factory=dict)

    def begin(self, analyses: Sequence[Analysis]) -> None:
        """Reads the views of people about whom somebody decided, which count from the first video on."""
        rows = Track.objects.filter(analysis__in=[each.pk for each in analyses], person__in=self.decisions.decided)
        person_of = {pk: person for pk, person in rows.values_list("pk", "person") if person}
        seeds: dict[UUID, list[View]] = defaultdict(list)
        means: dict[UUID, list[View]] = defaultdict(list)
        for analysis in analyses:
            vectors = self.vectors(analysis)
            for face in Face.objects.filter(analysis=analysis, track__person__in=self.decisions.decided):
                if face.track_id not in person_of or not is_clear(face):
                    continue
                vector = vectors.get(face.pk)
                view = View(sample_codec.unpack_vector(face.embedding) if vector is None else vector, face.quality)
                person = person_of[face.track_id]
                means[person].append(view)
                if face.track_id in self.decisions.held:
                    seeds[person].append(view)
        for person, views in means.items():
            self._means[person] = _mean(views)
            best = sorted(seeds[person] or views, key=lambda each: -each.quality)[:12]
            self._seeds[person] = np.stack([each.vector for each in best])
            self.gallery.add(person, best)

    def vectors(self, analysis: Analysis) -> Mapping[UUID, Float32]:
        """Returns the prepared vectors of a video; empty where only the rules are new."""
        return {} if self.introduction.is_rules else vectors_by_face(self.introduction, analysis.pk)

    def add(self, analysis: Analysis) -> None:
        """Groups the tracks of a video and finds out who the groups are."""
        segments, tracks = stored_results_queries.segments_of(analysis, self.vectors(analysis))
        found = [track for segment in segments for track in segment.tracks]
        must_be = self._must_be(tracks, found)
        cannot_be: dict[int, set[UUID]] = defaultdict(set)
        number_of = {track.pk: number for number, track in enumerate(tracks)}
        for track, person in self.decisions.is_not:
            if track in number_of and must_be.get(number_of[track]) != person:
                cannot_be[number_of[track]].add(person)
        constraints = earlier_answers_runner.constraints_of(must_be, must_be, cannot_be, self.decisions.apart)
        grouping = pipeline.stitch_and_group(segments, lambda _: None, constraints, self.introduction.embedder)
        who = self._identified(grouping, found, must_be, cannot_be)
        held = self.decisions.held
        nobody = {number for number, track in enumerate(tracks) if track.pk in held and held[track.pk] is None}
        for tracklets in grouping.tracks:
            for number in tracklets:
                joined = None if number == tracklets[0] else tracks[tracklets[0]].pk
                found_to_be = None if number in nobody else must_be.get(number, who.get(number))
                self.tracks.append(_PlacedTrack(tracks[number], found_to_be, joined))

    def _must_be(self, tracks: Sequence[Track], found: Sequence[FoundTrack]) -> dict[int, UUID]:
        """Returns tracks that stay whose they are: held by a decision, or of decided people and not unlike them."""
        must_be: dict[int, UUID] = {}
        for number, track in enumerate(tracks):
            held, person = self.decisions.held.get(track.pk), track.person_id
            if held is not None:
                must_be[number] = held
                continue
            if person is None or person not in self.decisions.decided or track.pk in self.decisions.held:
                continue
            if (track.pk, person) in self.decisions.is_not:
                continue
            views = clear_views(found[number].faces)
            if views and self._is_like(person, _vector(views)):
                must_be[number] = person
        return must_be

    def _is_like(self, person: UUID, vector: Float32) -> bool:
        """Returns whether nothing speaks against it: a human would at least be asked."""
        if person not in self._means:
            return True
        best = max(float(self._means[person] @ vector), float((self._seeds[person] @ vector).max()))
        return best >= self.thresholds.identification.review_from

    def _identified(
        self,
        grouping: Grouping,
        found: Sequence[FoundTrack],
        must_be: Mapping[int, UUID],
        cannot_be: Mapping[int, set[UUID]],
    ) -> dict[int, Who]:
        """Returns who each track is that is somebody, and adds the views to the gallery."""
        groups = [[number for track in person for number in grouping.tracks[track]] for person in grouping.people]
        who: dict[int, Who] = {}
        of_person: dict[Who, list[int]] = defaultdict(list)
        for number, group in enumerate(groups):
            said = Counter(must_be[track] for track in group if track in must_be)
            if said:
                who[number] = said.most_common(1)[0][0]
                of_person[who[number]].append(number)
        open_groups = [number for number in range(len(groups)) if number not in who]
        views = [clear_views([face for track in group for face in found[track].faces]) for group in groups]
        probes = [number for number in open_groups if views[number]]
        vectors = [_vector(views[number]) for number in probes]
        for _, column, person in self.gallery.matches(np.stack(vectors)) if vectors else []:
            number = probes[column]
            against = set().union(*(cannot_be.get(track, set()) for track in groups[number]))
            if number in who or person in against or self._meets(number, of_person[person], groups, found):
                continue
            who[number] = person
            of_person[person].append(number)
        for number in open_groups:
            if number not in who:
                self.strangers += 1
                who[number] = self.strangers
        for number, clear in enumerate(views):
            self.gallery.add(who[number], [View(face.embedding, face.quality) for face in clear])
        return {track: who[number] for number, group in enumerate(groups) for track in group}

    def _meets(
        self, number: int, others: Sequence[int], groups: Sequence[Sequence[int]], found: Sequence[FoundTrack]
    ) -> bool:
        def seen(group: Sequence[int]) -> list[tuple[np.ndarray, Float32]]:
            return [(found[track].times_s, found[track].boxes_xyxy) for track in group]

        return any(first_together(seen(groups[number]), seen(groups[other])) is not None for other in others)

    def planned(self) -> list[PlannedTrack]:
        """Returns all tracks, once all videos were added."""
        people = self._people_of_strangers()
        return [
            PlannedTrack(
                each.row.pk,
                each.row.analysis_id,
                each.row.person_id,
                people[each.who] if isinstance(each.who, int) else each.who,
                each.row.joined_to_id,
                each.joined_to,
                each.joined_to is None,
            )
            for each in self.tracks
        ]

    def _people_of_strangers(self) -> dict[int, UUID]:
        """Gives those who were found anew the people of before with most of their tracks, and new ones to the rest."""
        shared: Counter[tuple[int, UUID]] = Counter()
        for each in self.tracks:
            before = each.row.person_id
            if isinstance(each.who, int) and before is not None and before not in self.decisions.decided:
                shared[each.who, before] += 1
        people: dict[int, UUID] = {}
        taken: set[UUID] = set()
        age = dict(Person.objects.filter(team=self.introduction.team_id).values_list("pk", "number"))
        for (number, person), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0][0], age[item[0][1]])):
            if number not in people and person not in taken:
                people[number] = person
                taken.add(person)
        return {number: people.get(number) or uuid4() for number in range(1, self.strangers + 1)}


def plan(introduction: Introduction, tick: Callable[[int, int], None]) -> tuple[list[PlannedTrack], Decisions]:
    """Returns whose every track would be, and the decisions that were replayed."""
    thresholds = replace(
        queries.thresholds_for(introduction.embedder),
        identification=threshold_queries.of_team(introduction.team_id, introduction.embedder),
    )
    analyses = list(queries.shown_analyses(introduction.team_id))
    decisions = decisions_of(introduction.team_id)
    own = _own_thresholds(introduction, thresholds)
    gallery = PlannedGallery(thresholds.identification.accept_from, own)
    planner = Planner(introduction, thresholds, decisions, gallery)
    tick(0, len(analyses))
    planner.begin(analyses)
    for done, analysis in enumerate(analyses):
        tick(done, len(analyses))
        planner.add(analysis)
    return planner.planned(), decisions


def _own_thresholds(introduction: Introduction, thresholds: EmbedderThresholds) -> dict[Who, float]:
    family = constraint_queries.family_of(introduction.team_id)
    rows = Person.objects.filter(team=introduction.team_id, join_from__isnull=False).values_list("pk", "join_from")
    return {
        family.root(pk): queries.on_scale_of(thresholds.identification, accept)
        for pk, accept in rows
        if accept is not None
    }


def _mean(views: Sequence[View]) -> Float32:
    qualities = np.array([each.quality for each in views], np.float32)
    return mean_vector(np.stack([each.vector for each in views]), qualities)


def _vector(faces: Sequence[FoundFace]) -> Float32:
    return _mean([View(face.embedding, face.quality) for face in faces])
