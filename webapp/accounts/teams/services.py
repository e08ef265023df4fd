"""Makes teams and changes what holds for a whole one."""

from django.db import transaction

from webapp.accounts import signals
from webapp.accounts.models import Membership, Role, Team, User


@transaction.atomic
def create_team(name: str, *, owner: User) -> Team:
    """Creates a team that nobody but its owner is in."""
    team = Team.objects.create(name=name)
    Membership.objects.create(team=team, user=owner, role=Role.OWNER)
    after = {"role": Role.OWNER.value}
    signals.team_act.send(Team, act="joined", team_id=team.pk, by=owner, about=owner, after=after)
    return team


@transaction.atomic
def change_settings(team: Team, *, name: str, photo_search_role: str, by: User) -> None:
    """Renames the team and sets from which role on members may search by photo."""
    after = {"name": name, "photo_search_role": photo_search_role}
    before = Team.objects.filter(pk=team.pk).values(*after).get()
    Team.objects.filter(pk=team.pk).update(**after)
    change = {"before": before, "after": after}
    signals.team_act.send(Team, act="changed_setting", team_id=team.pk, by=by, about=team, **change)
