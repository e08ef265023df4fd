"""Checks that people who were told apart still are."""

from uuid import UUID

from webapp.people import constraint_queries
from webapp.people.introduction.decision_queries import Decisions


def apart_in(decisions: Decisions, team_id: UUID) -> list[str]:
    """Returns pairs of people who were told apart and no longer are."""
    now = constraint_queries.cannot_link_pairs(team_id, constraint_queries.family_of(team_id))
    return [" and ".join(sorted(map(str, pair))) for pair in decisions.apart if pair not in now]
