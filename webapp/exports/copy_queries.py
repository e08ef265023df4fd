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
BITS_OF_A_PIXEL, GROWS_BY = 0.26, 1 / 3
"""Of a copy, by those of its video to this power: what was packed well grows, what was packed badly shrinks. Fitted to
copies of 14 videos, from 0.16 to 5 times as large as these."""
SIZE_FROM, SIZE_TO = 0.5, 1.85
"""Each of them, as the other 13 foretell it, lies in between."""
SOUND_BYTES_S = 20_000
MOST_PIXELS = 1920 * 1080
USUAL_RATE_FPS = 30.0


@dataclass(frozen=True, slots=True)
class PlannedCopy:
    """A copy of one video; `people` are those of the chosen who are in it."""

    video: Video
    whom: str
    people: Sequence[Person] = ()


@dataclass(frozen=True, slots=True)
class CopiesPlan:
    """What will be made. Seconds of work and bytes are ranges, the former None where no copy was made before."""

    copies: Sequence[PlannedCopy]
    left_out: int
    """Videos in which nobody is who should be blurred."""
    length_s: float
    low_bytes: float
    high_bytes: float
    low_s: float | None = None
    high_s: float | None = None


def plan_copies(team: Team, videos: Sequence[Video], people: Sequence[Person], whom: str) -> CopiesPlan:
    """Plans a copy of each video in which there is something to blur. Two queries."""
    copies = planned_copies(videos, people, whom)
    length_s = sum(copy.video.duration_s for copy in copies)
    left_out = len(videos) - len(copies)
    size_bytes = sum(_bytes_of_copy(copy.video) for copy in copies)
    sizes = size_bytes * SIZE_FROM, size_bytes * SIZE_TO
    made = _latest(team)
    made_of_s = sum(of_s for _work_s, of_s in made)
    if not made_of_s:
        return CopiesPlan(copies, left_out, length_s, *sizes)
    work_s = length_s * sum(work_s for work_s, _of_s in made) / made_of_s
    return CopiesPlan(copies, left_out, length_s, *sizes, work_s * (1 - SPREAD), work_s * (1 + SPREAD))


def _bytes_of_copy(video: Video) -> float:
    """Returns about how large a copy is: as its pixels are many, and as hard to pack as those of the video."""
    sound_bytes = SOUND_BYTES_S * video.duration_s if video.audio_codec else 0.0
    shown = video.width * video.height * (video.rate_fps or USUAL_RATE_FPS) * video.duration_s
    if not shown:
        return sound_bytes
    own_bits = 8 * max(video.size_bytes - sound_bytes, video.size_bytes / 4) / shown
    pixels = shown * min(1.0, MOST_PIXELS / (video.width * video.height))
    return pixels * BITS_OF_A_PIXEL * own_bits**GROWS_BY / 8 + sound_bytes


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


def _latest(team: Team) -> list[tuple[float, float]]:
    """Returns seconds of work and of video of the team's latest copies."""
    done = Export.objects.filter(
        team=team, kind=ExportKind.BLUR, job__status=Status.DONE, job__started_at__isnull=False
    )
    columns = ("job__started_at", "job__finished_at", "videos__duration_s")
    rows = done.order_by("-job__finished_at").values_list(*columns)[:LATEST]
    return [((end - start) / timedelta(seconds=1), of_s) for start, end, of_s in rows]
