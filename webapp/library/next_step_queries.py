"""What somebody new to a team does next: name the people of the first video, then let the name work."""

from dataclasses import dataclass

from webapp.accounts.models import Membership, Team, User
from webapp.people.models import STANDING, Person
from webapp.videos.models import Video


@dataclass(frozen=True, slots=True)
class NextStep:
    """One line under a video with people in it; `named` is who was named, None where nobody was yet."""

    named: Person | None


def next_step(team: Team, user: User) -> NextStep | None:
    """Returns the step for somebody who may name; None once a name has a second video to work in, or when dismissed."""
    named = Person.objects.filter(STANDING, team=team).exclude(name="").order_by("number").first()
    analysed = Video.objects.filter(team=team, deleted_at=None).exclude(current_analysis=None)
    if named is not None and analysed[1:2].exists():
        return None
    wants = Membership.objects.filter(team=team, user=user, next_step_dismissed_at=None).exists()
    return NextStep(named) if wants else None
