"""Opens the networks that read stored views of faces."""

import os

from django.conf import settings

from analysis.faces.detect import load_detector
from analysis.faces.embedder_files import check_embedder_file, find_embedder_file
from analysis.faces.face_mesh import load_face_mesh
from analysis.faces.stored_views import StoredViewReader
from webapp.analyses import network_loading
from webapp.analyses.introduction.vectors_runner import Readers
from webapp.people.introduction import queries

MOST_THREADS = 4


def readers_of(embedder: str) -> Readers:
    """Opens the networks that read stored views, in as many threads as there are cores; raises BadEmbedder."""
    if embedder != queries.BUILT_IN:
        check_embedder_file(find_embedder_file(settings.EMBEDDERS_DIR, embedder))
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    views = StoredViewReader(load_detector(1), threads)
    return Readers(views, network_loading.open_embedder(embedder, 1), load_face_mesh(1))
