"""Makes teams and changes what holds for a whole one."""

from django.db import transaction

from webapp.accounts.models import Membership, Role, Team, User


@transaction.atomic
def create_team(name: str, *, owner: User) -> Team:
    """Creates a team that nobody but its owner is in."""
    team = Team.objects.create(name=name)
    Membership.objects.create(team=team, user=owner, role=Role.OWNER)
    return team


def change_settings(team: Team, *, name: str, photo_search_role: str) -> None:
    """Renames the team and sets from which role on members may search by photo."""
    Team.objects.filter(pk=team.pk).update(name=name, photo_search_role=photo_search_role)
