"""Tells the open pages of a team that its people have changed."""

from uuid import UUID

from django.db import transaction

from webapp.jobs import live_updates


def publish_later(team_id: UUID) -> None:
    """Has open pages load people again, once the transaction has ended well."""
    transaction.on_commit(lambda: live_updates.publish_people(team_id))
