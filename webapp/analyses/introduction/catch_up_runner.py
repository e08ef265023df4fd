"""Brings an analysis that began before a switch to the embedder in use, before its faces are grouped."""

from collections.abc import Callable

from django.db import transaction

from webapp.analyses.introduction import reader_loading, vectors_runner
from webapp.analyses.introduction.vectors_runner import Readers
from webapp.people import sample_codec
from webapp.people.introduction import queries
from webapp.people.models import Face
from webapp.videos.models import Analysis


def catch_up(
    analysis: Analysis,
    heartbeat: Callable[[], None],
    open_readers: Callable[[str], Readers] = reader_loading.readers_of,
) -> None:
    """Gives the views vectors of the embedder in use, where they have those of another one that is known."""
    embedder = queries.current_embedder(analysis.video.team_id)
    if embedder == analysis.embedder or not queries.is_known(analysis.embedder):
        return
    readers = open_readers(embedder)
    changed = []
    for faces in vectors_runner.batches_of(analysis, frozenset()):
        heartbeat()
        vectors, _ = vectors_runner.vectors_of(analysis.video, faces, readers)
        for face, vector in zip(faces, vectors, strict=True):
            face.embedding = sample_codec.pack_vector(vector)
        changed += faces
    with transaction.atomic():
        heartbeat()
        Face.objects.bulk_update(changed, ["embedding"], batch_size=100)
        Analysis.objects.filter(pk=analysis.pk).update(embedder=embedder)
    analysis.embedder = embedder
