"""Reads which face embedder a team uses, its thresholds, and how far the introduction of another one is."""

from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, QuerySet

from analysis.errors import BadEmbedder
from analysis.faces import thresholds as known_thresholds
from analysis.faces.embedder_files import find_embedder_file
from analysis.faces.group import Thresholds
from analysis.faces.search import IdentificationThresholds
from analysis.faces.thresholds import EmbedderThresholds, UnknownEmbedder
from webapp.digests import sha256_of
from webapp.people.introduction.models import OPEN_STATES, Introduction, IntroductionState
from webapp.people.models import Event, Face
from webapp.team_scope import across_teams
from webapp.videos.models import Analysis, Video

BUILT_IN = "mobilefacenet_192"
IN_USE = (IntroductionState.SWITCHED, IntroductionState.KEPT, IntroductionState.ROLLING_BACK)


def current_embedder(team_id: UUID) -> str:
    """Returns the name of the embedder that new videos of a team are analysed with."""
    latest = Introduction.objects.filter(team=team_id, state__in=IN_USE).order_by("-switched_at").first()
    if latest is None:
        return BUILT_IN
    return latest.before if latest.state == IntroductionState.ROLLING_BACK else latest.embedder


def thresholds_for(embedder: str) -> EmbedderThresholds:
    """Returns the thresholds of an embedder: built in, given by the operator or estimated; raises UnknownEmbedder."""
    try:
        return known_thresholds.thresholds_for(embedder)
    except UnknownEmbedder:
        found = _given(embedder) or _estimated(embedder)
        if found is None:
            raise
        known_thresholds.remember_thresholds(embedder, found)
        return found


def is_known(embedder: str) -> bool:
    """Returns whether an embedder has thresholds, so that its vectors are compared."""
    try:
        return bool(embedder and thresholds_for(embedder))
    except UnknownEmbedder:
        return False


def known_or_built_in(embedder: str) -> str:
    """Returns the embedder whose thresholds hold for vectors of this one."""
    return embedder if is_known(embedder) else BUILT_IN


def current_file(team_id: UUID) -> Path | None:
    """Returns the network of the embedder in use where an operator brought it; None: the built-in one.

    Raises BadEmbedder where it is gone.
    """
    name = current_embedder(team_id)
    return None if name == BUILT_IN else find_embedder_file(settings.EMBEDDERS_DIR, name).path


def on_scale_of(thresholds: IdentificationThresholds, own: float) -> float:
    """Returns a person's own threshold, which is a cosine of the built-in embedder, on the scale of another one."""
    usual = known_thresholds.thresholds_for(BUILT_IN).identification
    factor = (thresholds.accept_from - thresholds.review_from) / (usual.accept_from - usual.review_from)
    return thresholds.review_from + (own - usual.review_from) * factor


def _given(embedder: str) -> EmbedderThresholds | None:
    try:
        return find_embedder_file(settings.EMBEDDERS_DIR, embedder).thresholds
    except BadEmbedder:
        return None


@across_teams()
def _estimated(embedder: str) -> EmbedderThresholds | None:
    rows = Introduction.objects.filter(embedder=embedder).exclude(thresholds={}).order_by("-created_at")
    stored = rows.values_list("thresholds", flat=True).first()
    return None if stored is None else unpacked_thresholds(stored)


def packed_thresholds(thresholds: EmbedderThresholds) -> dict[str, float]:
    """Returns what `Introduction.thresholds` stores."""
    grouping, identification = thresholds.grouping, thresholds.identification
    return {
        "within_recording": grouping.within_recording,
        "across": grouping.across_occasions,
        "over_border": grouping.over_border,
        "one_track": grouping.one_track,
        "accept": identification.accept_from,
        "review": identification.review_from,
    }


def unpacked_thresholds(stored: dict[str, float]) -> EmbedderThresholds:
    """Reads `Introduction.thresholds`."""
    grouping = Thresholds(stored["within_recording"], stored["across"], stored["over_border"], stored["one_track"])
    return EmbedderThresholds(grouping, IdentificationThresholds(stored["accept"], stored["review"]), is_estimated=True)


def shown_analyses(team_id: UUID) -> QuerySet[Analysis]:
    """Returns the analyses that videos show, in order of upload; also of videos that may be restored."""
    analyses = Analysis.objects.filter(video__team=team_id, video__current_analysis__isnull=False)
    return analyses.filter(pk__in=_current(team_id)).order_by("video__created_at", "video_id")


def _current(team_id: UUID) -> QuerySet[Analysis, UUID]:
    return Video.objects.filter(team=team_id).values_list("current_analysis", flat=True)  # type: ignore[return-value]


def stamp_of(team_id: UUID) -> str:
    """Returns what changes whenever a plan would come out otherwise: videos, and what somebody decided."""
    analyses = shown_analyses(team_id).order_by("pk").values_list("pk", "embedder")
    events = Event.objects.filter(team=team_id).aggregate(n=Count("pk"), last=Max("made_at"), undone=Max("undone_at"))
    text = repr([*map(str, analyses), events["n"], events["last"], events["undone"]])
    return sha256_of(text)


def open_introduction(team_id: UUID) -> Introduction | None:
    """Returns what is being prepared, waits for a decision or is under way."""
    return Introduction.objects.filter(team=team_id, state__in=OPEN_STATES).first()


def that_can_be_rolled_back(team_id: UUID) -> Introduction | None:
    """Returns the last switch, for as long as its old vectors are kept."""
    rows = Introduction.objects.filter(team=team_id, state=IntroductionState.SWITCHED)
    return rows.order_by("-switched_at").first()


def has_unmeasured(team_id: UUID) -> bool:
    """Returns whether some views of the team were stored before presence and pose were measured."""
    return unmeasured().filter(analysis__video__team=team_id).exists()


def unmeasured() -> QuerySet[Face]:
    """Returns such views of tracks."""
    return Face.objects.filter(presence=None, track__isnull=False)
