"""Reads whom the first faces of running analyses probably show."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from webapp.accounts.models import Team
from webapp.jobs.models import ACTIVE
from webapp.people import constraint_queries, present_queries
from webapp.people.models import Face, LiveGuess, Person
from webapp.videos.models import Analysis, Video

Group = tuple[UUID, int]
"""A rough group of an analysis."""


@dataclass(frozen=True, slots=True)
class SeenNow:
    """Somebody who is probably in a video that is being analysed. The time is player time."""

    person: Person
    video: Video
    face: UUID
    time_s: float


def by_group(analysis_ids: Collection[UUID]) -> dict[Group, tuple[Person, float]]:
    """Returns person and similarity; merged people stand for whom they were merged into, deleted ones for nobody."""
    rows = list(LiveGuess.objects.filter(analysis__in=analysis_ids).select_related("person"))
    if not rows:
        return {}
    families = {team: constraint_queries.family_of(team) for team in {row.person.team_id for row in rows}}
    today = {row.pk: families[row.person.team_id].root(row.person_id) for row in rows}
    people = present_queries.by_key(set(today.values()))
    return {
        (row.analysis_id, row.preliminary_group): (people[today[row.pk]], row.likeness)
        for row in rows
        if today[row.pk] in people
    }


def one_face_each(
    matches: Mapping[int, tuple[UUID, float]], moments: Mapping[int, Collection[float]]
) -> dict[int, UUID | None]:
    """Returns for each matched group of one analysis whose face it shows, or None for somebody shown already.

    The most similar group of a person shows them. A group that is seen at the same moment must be somebody else and is
    excluded: two faces of one frame are never one person. `moments` are the times at which each group is seen.
    """
    shown: dict[int, UUID | None] = {}
    taken: dict[UUID, set[float]] = defaultdict(set)
    for group in sorted(matches, key=lambda each: (-matches[each][1], each)):
        person = matches[group][0]
        if taken[person] & set(moments[group]):
            continue
        shown[group] = None if taken[person] else person
        taken[person] |= set(moments[group])
    return shown


def seen_now(team: Team, person: Person | None = None, limit: int = 12) -> list[SeenNow]:
    """Returns who is probably in videos that are analysed for the first time: one person, or everybody."""
    running = Analysis.objects.filter(
        video__team=team, video__deleted_at=None, video__current_analysis=None, job__status__in=ACTIVE
    )
    analyses = {analysis.pk: analysis for analysis in running.select_related("video")}
    matches = by_group(list(analyses))
    best: dict[tuple[UUID, UUID], tuple[Group, Person, float]] = {}
    for group, (who, similarity) in matches.items():
        key = (group[0], who.pk)
        if (person is None or who.pk == person.pk) and similarity > best.get(key, (group, who, 0.0))[2]:
            best[key] = (group, who, similarity)
    chosen = sorted(best.values(), key=lambda each: (each[1].is_unnamed, -each[2]))[:limit]
    faces = _best_faces([group for group, _, _ in chosen])
    return [
        SeenNow(who, video, faces[group][0], max(faces[group][1] - video.playback_offset_s, 0.0))
        for group, who, _ in chosen
        if group in faces and (video := analyses[group[0]].video)
    ]


def _best_faces(groups: Sequence[Group]) -> dict[Group, tuple[UUID, float]]:
    """Returns id and time of the best view of each."""
    rows = Face.objects.filter(
        analysis__in={analysis for analysis, _ in groups}, preliminary_group__in={number for _, number in groups}
    )
    columns = ("analysis", "preliminary_group", "pk", "time_s")
    found = rows.order_by("quality", "-pk").values_list(*columns)
    return {(analysis, number or 0): (pk, time_s) for analysis, number, pk, time_s in found}  # the best comes last
