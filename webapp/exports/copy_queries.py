"""Plans blurred copies: one of each video, who is blurred in it, and what making them takes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from webapp.accounts.models import Team
from webapp.exports.choices import Whom
from webapp.exports.models import Export, ExportKind
from webapp.jobs.models import Status
from webapp.people.models import Person, Presence
from webapp.videos.models import Video

LATEST = 20
"""Copies by whose pace new ones are estimated."""
SPREAD = 0.4
"""How far the work on a second of video strays: size of the picture, number of faces, what else the server does."""


@dataclass(frozen=True, slots=True)
class PlannedCopy:
    """A copy of one video; `people` are those of the chosen who are in it."""

    video: Video
    whom: str
    people: Sequence[Person] = ()


@dataclass(frozen=True, slots=True)
class CopiesPlan:
    """What will be made: seconds of work as a range and bytes, None where no copy was made before."""

    copies: Sequence[PlannedCopy]
    left_out: int
    """Videos in which nobody is who should be blurred."""
    length_s: float
    low_s: float | None = None
    high_s: float | None = None
    size_bytes: int | None = None


def plan_copies(team: Team, videos: Sequence[Video], people: Sequence[Person], whom: str) -> CopiesPlan:
    """Plans a copy of each video in which there is something to blur. Two queries."""
    copies = planned_copies(videos, people, whom)
    length_s = sum(copy.video.duration_s for copy in copies)
    left_out = len(videos) - len(copies)
    made = _latest(team)
    made_of_s = sum(of_s for _work_s, of_s, *_sizes in made)
    made_of_bytes = sum(of_bytes for *_rest, of_bytes in made)
    if not made_of_s or not made_of_bytes:
        return CopiesPlan(copies, left_out, length_s)
    work_s = length_s * sum(work_s for work_s, *_rest in made) / made_of_s
    share = sum(size_bytes for _work_s, _of_s, size_bytes, _of_bytes in made) / made_of_bytes
    size_bytes = round(share * sum(copy.video.size_bytes for copy in copies))
    return CopiesPlan(copies, left_out, length_s, work_s * (1 - SPREAD), work_s * (1 + SPREAD), size_bytes)


def planned_copies(videos: Sequence[Video], people: Sequence[Person], whom: str) -> list[PlannedCopy]:
    """Returns the copies: of a video without the chosen none to blur them, and one that blurs everyone to keep them."""
    if whom == Whom.EVERYBODY:
        return [PlannedCopy(video, whom) for video in videos]
    shown = [video.current_analysis_id for video in videos]
    present: dict[UUID | None, set[UUID]] = defaultdict(set)
    rows = Presence.objects.filter(analysis__in=shown, person__in=people)
    for analysis_id, person_id in rows.values_list("analysis", "person"):
        present[analysis_id].add(person_id)
    copies = []
    for video in videos:
        inside = [person for person in people if person.pk in present[video.current_analysis_id]]
        if inside:
            copies.append(PlannedCopy(video, whom, inside))
        elif whom == Whom.OTHERS:
            copies.append(PlannedCopy(video, Whom.EVERYBODY))
    return copies


def _latest(team: Team) -> list[tuple[float, float, int, int]]:
    """Returns seconds of work and of video, bytes of copy and of video, of the team's latest copies."""
    done = Export.objects.filter(
        team=team, kind=ExportKind.BLUR, job__status=Status.DONE, job__started_at__isnull=False
    )
    columns = ("job__started_at", "job__finished_at", "videos__duration_s", "size_bytes", "videos__size_bytes")
    rows = done.order_by("-job__finished_at").values_list(*columns)[:LATEST]
    return [((end - start) / timedelta(seconds=1), of_s, size, of_size) for start, end, of_s, size, of_size in rows]
