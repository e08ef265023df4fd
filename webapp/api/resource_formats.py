"""Writes rows as the API sends them."""

from webapp.api.resource_types import (
    AnalysisOut,
    AppearanceOut,
    FailureOut,
    PersonOut,
    SpanOut,
    VideoOut,
)
from webapp.exports.appearance_queries import PersonAppearances
from webapp.library import progress_queries, video_words
from webapp.people.models import Person
from webapp.videos.models import Analysis, Video


def video_out(video: Video) -> VideoOut:
    """Writes a video that came with its job, its upload and what it is a duplicate of."""
    failure = video_words.problem(video)
    return VideoOut(
        id=video.pk,
        title=video.title,
        file_name=video.file_name,
        state=video.state.value,
        is_final=progress_queries.is_final(video),
        percent=progress_queries.percent_of(video),
        problem=FailureOut(headline=failure.headline, detail=failure.detail) if failure else None,
        thoroughness=video.thoroughness,
        created_at=video.created_at,
        size_bytes=video.size_bytes,
        duration_s=video.duration_s,
        width=video.width,
        height=video.height,
        rate_fps=video.rate_fps,
    )


def analysis_out(analysis: Analysis, video: Video) -> AnalysisOut:
    """Writes an analysis that came with its job."""
    return AnalysisOut(
        id=analysis.pk,
        state=analysis.job.status,
        is_shown=analysis.pk == video.current_analysis_id,
        thoroughness=analysis.thoroughness,
        created_at=analysis.created_at,
        detector=analysis.detector,
        embedder=analysis.embedder,
        frames_sampled=analysis.frames_sampled,
    )


def person_out(person: Person) -> PersonOut:
    return PersonOut(
        id=person.pk,
        label=str(person),
        name=person.name,
        number=person.number,
        is_hidden=person.is_hidden,
        appearances=person.appearances,
        videos=person.videos,
        screen_s=round(person.screen_s, 3),
    )


def appearances_out(people: list[PersonAppearances]) -> list[AppearanceOut]:
    """Writes each appearance on a line of its own."""
    return [
        AppearanceOut(person_id=row.id, label=row.label, start_s=span.start_s, end_s=span.end_s)
        for row in people
        for span in spans_out(row)
    ]


def spans_out(row: PersonAppearances) -> list[SpanOut]:
    return [SpanOut(start_s=round(start_s, 3), end_s=round(end_s, 3)) for start_s, end_s in row.spans]
