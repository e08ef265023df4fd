"""Who may see and change what: the only place that decides. Everything else asks these querysets.

Members of a team see its things; editors change videos and names; admins manage. Anonymous people get nothing.
"""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from webapp.accounts.models import Role, Team, User
from webapp.jobs.models import Job
from webapp.people.models import Face, Person, Track
from webapp.videos.models import Upload, Video

Visitor = User | AnonymousUser

EVERY_ROLE = (Role.OWNER, Role.ADMIN, Role.EDITOR, Role.VIEWER)
EDITING_ROLES = (Role.OWNER, Role.ADMIN, Role.EDITOR)
MANAGING_ROLES = (Role.OWNER, Role.ADMIN)


def _teams(user: Visitor, roles: tuple[Role, ...]) -> QuerySet[Team]:
    if not user.is_authenticated:
        return Team.objects.none()
    return Team.objects.filter(memberships__user=user, memberships__role__in=roles)


def visible_teams(user: Visitor) -> QuerySet[Team]:
    return _teams(user, EVERY_ROLE)


def editable_teams(user: Visitor) -> QuerySet[Team]:
    """Teams into which this person may upload."""
    return _teams(user, EDITING_ROLES)


def manageable_teams(user: Visitor) -> QuerySet[Team]:
    return _teams(user, MANAGING_ROLES)


def visible_videos(user: Visitor) -> QuerySet[Video]:
    return Video.objects.filter(team__in=visible_teams(user), deleted_at=None)


def editable_videos(user: Visitor) -> QuerySet[Video]:
    return Video.objects.filter(team__in=editable_teams(user), deleted_at=None)


def restorable_videos(user: Visitor) -> QuerySet[Video]:
    """Deleted videos whose undo period still runs."""
    return Video.objects.filter(team__in=editable_teams(user), deleted_at__isnull=False)


def own_uploads(user: Visitor) -> QuerySet[Upload]:
    """An upload belongs to the person who sends it, as long as they may upload to the team."""
    if not user.is_authenticated:
        return Upload.objects.none()
    return Upload.objects.filter(user=user, video__team__in=editable_teams(user), video__deleted_at=None)


def visible_people(user: Visitor) -> QuerySet[Person]:
    return Person.objects.filter(team__in=visible_teams(user))


def editable_people(user: Visitor) -> QuerySet[Person]:
    return Person.objects.filter(team__in=editable_teams(user))


def visible_faces(user: Visitor) -> QuerySet[Face]:
    return Face.objects.filter(analysis__video__in=visible_videos(user))


def visible_tracks(user: Visitor) -> QuerySet[Track]:
    """Appearances of people."""
    return Track.objects.filter(analysis__video__in=visible_videos(user), person__isnull=False)


def visible_jobs(user: Visitor) -> QuerySet[Job]:
    return Job.objects.filter(team__in=visible_teams(user))


def editable_jobs(user: Visitor) -> QuerySet[Job]:
    """Jobs that this person may cancel."""
    return Job.objects.filter(team__in=editable_teams(user))
