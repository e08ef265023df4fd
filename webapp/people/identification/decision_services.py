"""Keeps how each group of faces became a person, at the moment when it is decided."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F

from webapp.people.identification.nearest_match import NearestMatch
from webapp.people.introduction import queries as introduction_queries
from webapp.people.models import Decision, DecisionKind, Track
from webapp.videos.models import Analysis

MEASURED = ("embedder", "nearest_id", "similarity", "limit", "runner_up_id", "runner_up_similarity")


def decided(
    analysis: Analysis, *, match: NearestMatch | None, kept: Decision | None, is_said: bool, is_known: bool
) -> Decision:
    """Returns the decision about one group, not stored yet.

    `match` is what was compared now, `kept` how the same person was identified in an earlier analysis of the video;
    `is_said`: somebody said who it is, `is_known`: it was this person before.
    """
    thresholds = introduction_queries.thresholds_for(introduction_queries.known_or_built_in(analysis.embedder))
    decision = Decision(
        analysis=analysis,
        kind=DecisionKind.FOUNDED,
        embedder=analysis.embedder,
        grouped_from=thresholds.grouping.within_recording,
    )
    if is_said:
        decision.kind = DecisionKind.HUMAN
    elif is_known:
        decision.kind = DecisionKind.CARRIED
        for name in MEASURED if kept else ():
            setattr(decision, name, getattr(kept, name))
    elif match is not None:
        decision.kind = DecisionKind.IDENTIFIED if match.is_accepted else DecisionKind.FOUNDED
        decision.nearest_id, decision.similarity, decision.limit = match.person, match.similarity, match.limit
        decision.runner_up_id, decision.runner_up_similarity = match.runner_up, match.runner_up_similarity
    return decision


def identified_in(analyses: Sequence[UUID]) -> dict[UUID, Decision]:
    """Returns by person how they were identified in these analyses, and not by hand."""
    tracks = Track.objects.filter(analysis__in=analyses, person__isnull=False, decision__similarity__isnull=False)
    kinds = (DecisionKind.IDENTIFIED, DecisionKind.CARRIED)
    rows = tracks.filter(decision__kind__in=kinds, person=F("decision__nearest")).values_list("person", "decision")
    decision_of = {person: decision for person, decision in rows.distinct() if person and decision}
    decisions = Decision.objects.in_bulk(set(decision_of.values()))
    return {person: decisions[decision] for person, decision in decision_of.items()}
