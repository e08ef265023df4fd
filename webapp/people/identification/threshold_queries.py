"""Reads the thresholds that hold for everybody in a team."""

from uuid import UUID

from analysis.faces.search import IdentificationThresholds
from webapp.people.identification.models import TeamThresholds
from webapp.people.introduction import queries as introduction_queries


def of_team(team_id: UUID, embedder: str) -> IdentificationThresholds:
    """Returns the team's own thresholds, or else those of the embedder; raises UnknownEmbedder."""
    usual = introduction_queries.thresholds_for(embedder).identification
    rows = TeamThresholds.objects.filter(team=team_id, embedder=embedder)
    accept_from, review_from = rows.values_list("accept_from", "review_from").first() or (None, None)
    return IdentificationThresholds(
        usual.accept_from if accept_from is None else accept_from,
        usual.review_from if review_from is None else review_from,
    )
