"""Loads the networks that analyses need, with the face embedder that a team uses."""

from dataclasses import replace
from functools import lru_cache

from django.conf import settings

from analysis import pipeline
from analysis.faces.embed import Embedder, load_embedder
from analysis.faces.embedder_files import find_embedder_file
from analysis.faces.onnx_embedder import load_embedder_file
from analysis.pipeline import AnalysisOptions, Models
from webapp.people.introduction import queries as introduction_queries


@lru_cache(maxsize=1)
def models(embedder: str = introduction_queries.BUILT_IN) -> Models:
    """Returns the models; the same for every thoroughness. Raises BadEmbedder.

    Where the teams of a worker use different embedders, only the embedder is loaded again.
    """
    loaded = _built_in()
    if embedder == introduction_queries.BUILT_IN:
        return loaded
    return replace(loaded, embedder=open_embedder(embedder))


@lru_cache(maxsize=1)
def _built_in() -> Models:
    return pipeline.load_models(AnalysisOptions())


def open_embedder(name: str, threads: int = AnalysisOptions().threads) -> Embedder:
    """Returns an embedder by its name, with its thresholds known to this process; raises BadEmbedder."""
    if name == introduction_queries.BUILT_IN:
        return load_embedder(threads)
    found = load_embedder_file(find_embedder_file(settings.EMBEDDERS_DIR, name), threads)
    found.name = name  # its label may have been changed since
    introduction_queries.is_known(name)
    return found
