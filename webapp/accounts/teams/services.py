"""Makes teams and changes what holds for a whole one."""

from django.db import transaction

from webapp import access
from webapp.accounts import signals
from webapp.accounts.members.services import one_act_at_a_time
from webapp.accounts.models import Membership, Role, Team, User
from webapp.accounts.second_factor.queries import has_second_factor


class NoSecondFactor(Exception):
    """Who has no second factor cannot require one: they would shut themselves out."""


@transaction.atomic
def create_team(name: str, *, owner: User) -> Team:
    """Creates a team that nobody but its owner is in."""
    team = Team.objects.create(name=name)
    Membership.objects.create(team=team, user=owner, role=Role.OWNER)
    after = {"role": Role.OWNER.value}
    signals.team_act.send(Team, act="joined", team_id=team.pk, by=owner, about=owner, after=after)
    return team


@transaction.atomic
def change_settings(
    team: Team, *, name: str, photo_search_role: str, export_role: str, share_role: str, by: User
) -> None:
    """Renames the team and sets from which role on members may search by photo, export, and share links."""
    least = {"photo_search_role": photo_search_role, "export_role": export_role, "share_role": share_role}
    after = {"name": name, **least}
    before = Team.objects.filter(pk=team.pk).values(*after).get()
    Team.objects.filter(pk=team.pk).update(**after)
    change = {"before": before, "after": after}
    signals.team_act.send(Team, act="changed_setting", team_id=team.pk, by=by, about=team, **change)


def require_second_factor(team: Team, is_required: bool, *, by: User) -> None:
    """Lets only members with a second factor reach what is the team's, or all again. Raises NoSecondFactor."""
    with one_act_at_a_time(team.pk):
        if not has_second_factor(by):
            raise NoSecondFactor
        owned = access.owned_teams(by).filter(pk=team.pk, requires_second_factor=not is_required)
        if Team.objects.filter(pk__in=owned.values("pk")).update(requires_second_factor=is_required):
            change = {
                "before": {"requires_second_factor": not is_required},
                "after": {"requires_second_factor": is_required},
            }
            signals.team_act.send(Team, act="changed_setting", team_id=team.pk, by=by, about=team, **change)
