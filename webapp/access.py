"""Decides who may see and change what; every view, download and websocket asks these querysets, nothing else decides.

Members of a team see what belongs to it; editors change videos, names and labels; admins manage datasets and models.
Anonymous visitors get empty querysets.
"""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from webapp.accounts.models import AccessToken, Invitation, Membership, Role, Team, TokenScope, User
from webapp.accounts.second_factor.queries import factors_of
from webapp.datasets.models import Dataset, Import, ImportUpload, Sample, Version
from webapp.exports.models import SHARABLE, SHOWING, Export
from webapp.jobs.models import Job
from webapp.people.models import Face, Introduction, Person, Track
from webapp.recognition.models import Observation, Recognition
from webapp.sharing.models import ShareLink
from webapp.team_scope import across_teams
from webapp.training.models import Explanation, TrainingRun
from webapp.videos.models import Tag, Upload, Video

Visitor = User | AnonymousUser

EVERY_ROLE = (Role.OWNER, Role.ADMIN, Role.EDITOR, Role.VIEWER)
EDITING_ROLES = (Role.OWNER, Role.ADMIN, Role.EDITOR)
MANAGING_ROLES = (Role.OWNER, Role.ADMIN)
MANAGED_ROLES = (Role.EDITOR, Role.VIEWER)
"""What admins may give and take; owners may give and take all."""


def _teams(user: Visitor, roles: tuple[Role, ...]) -> QuerySet[Team]:
    """Returns the teams in which the person has one of these roles, which always are the upper ones.

    A token sees its own team alone, in the role that its scope stands for, unless the person has a lesser one. A team
    that requires a second factor does not let in who has none, with a token neither.
    """
    if not user.is_authenticated:
        return Team.objects.none()
    is_let_in = Q(requires_second_factor=False) | Q(Exists(factors_of(user)))
    teams = Team.objects.filter(is_let_in, memberships__user=user, memberships__role__in=roles)
    token = user.access_token
    if token is None:
        return teams
    return teams.filter(pk=token.team_id) if TokenScope(token.scope).role in roles else Team.objects.none()


def joined_teams(user: Visitor) -> QuerySet[Team]:
    """Returns the teams that this person may choose and leave, also where a second factor that they lack is required.

    What belongs to a team is decided by `visible_teams`.
    """
    if not user.is_authenticated or user.access_token is not None:
        return visible_teams(user)
    return Team.objects.filter(memberships__user=user)


def visible_teams(user: Visitor) -> QuerySet[Team]:
    return _teams(user, EVERY_ROLE)


def editable_teams(user: Visitor) -> QuerySet[Team]:
    """Returns the teams to which this person may upload."""
    return _teams(user, EDITING_ROLES)


def manageable_teams(user: Visitor) -> QuerySet[Team]:
    return _teams(user, MANAGING_ROLES)


def owned_teams(user: Visitor) -> QuerySet[Team]:
    """Returns the teams that this person may hand over, and whose admins and owners they may change."""
    return _teams(user, (Role.OWNER,))


def photo_search_teams(user: Visitor) -> QuerySet[Team]:
    """Returns the teams whose people this person may search by a photo, as each team has set it."""
    return _teams_by_setting(user, "photo_search_role")


def exporting_teams(user: Visitor) -> QuerySet[Team]:
    """Returns the teams from whose videos this person may take something away, as each team has set it."""
    return _teams_by_setting(user, "export_role")


def sharing_teams(user: Visitor) -> QuerySet[Team]:
    """Returns the teams whose videos this person may show to people without an account, as each team has set it."""
    return _teams_by_setting(user, "share_role")


def _teams_by_setting(user: Visitor, field: str) -> QuerySet[Team]:
    """Returns the teams in which the person has at least the role that a field of the team names."""
    if not user.is_authenticated:
        return Team.objects.none()
    token, may = user.access_token, Q()
    for number, least in enumerate(EVERY_ROLE, start=1):
        roles = EVERY_ROLE[:number]
        if token is None or TokenScope(token.scope).role in roles:
            may |= Q((field, least), memberships__role__in=roles)
    return visible_teams(user).filter(may, memberships__user=user)


def visible_memberships(user: Visitor) -> QuerySet[Membership]:
    return Membership.objects.filter(team__in=visible_teams(user))


def manageable_memberships(user: Visitor) -> QuerySet[Membership]:
    """Returns the members whose role this person may change, and whom they may remove."""
    return Membership.objects.filter(_manageable(user))


def visible_accounts(user: Visitor) -> QuerySet[User]:
    """Returns this person and all who are in one of their teams."""
    if not user.is_authenticated:
        return User.objects.none()
    in_teams = Membership.objects.filter(team__in=visible_teams(user)).values("user")
    return User.objects.filter(Q(pk=user.pk) | Q(pk__in=in_teams))


@across_teams()
def manageable_accounts(user: Visitor) -> QuerySet[User]:
    """Returns the other people all of whose memberships this person manages.

    Whoever gets into such an account gets nothing that they could not give themselves: it leads into no other team, and
    to no higher role.
    """
    if not user.is_authenticated:
        return User.objects.none()
    managed = manageable_memberships(user)
    beyond = Membership.objects.exclude(pk__in=managed.values("pk"))
    others = User.objects.filter(memberships__in=managed).exclude(memberships__in=beyond)
    return others.exclude(pk=user.pk).distinct()


def manageable_invitations(user: Visitor) -> QuerySet[Invitation]:
    """Returns the invitations that this person may see and revoke."""
    return Invitation.objects.filter(_manageable(user))


def own_tokens(user: Visitor) -> QuerySet[AccessToken]:
    """Returns the access tokens that this person may see and revoke as their owner; a token manages no tokens."""
    if not user.is_authenticated or user.access_token is not None:
        return AccessToken.objects.none()
    return AccessToken.objects.filter(user=user)


def manageable_tokens(user: Visitor) -> QuerySet[AccessToken]:
    """Returns the access tokens of the members whom this person manages, for the team where they do."""
    same = manageable_memberships(user).filter(team=OuterRef("team"), user=OuterRef("user"))
    return AccessToken.objects.filter(Exists(same))


def grantable_roles(user: Visitor, team: Team) -> tuple[Role, ...]:
    """Returns the roles that this person may give others in the team; none for those who manage no members."""
    if owned_teams(user).filter(pk=team.pk).exists():
        return EVERY_ROLE
    return MANAGED_ROLES if manageable_teams(user).filter(pk=team.pk).exists() else ()


def _manageable(user: Visitor) -> Q:
    return Q(team__in=owned_teams(user)) | Q(team__in=manageable_teams(user), role__in=MANAGED_ROLES)


def visible_videos(user: Visitor) -> QuerySet[Video]:
    return Video.objects.filter(team__in=visible_teams(user), deleted_at=None)


def videos_of(team: Team) -> QuerySet[Video]:
    """Returns the videos that whoever `visible_teams` let into the team sees there."""
    return Video.objects.filter(team=team, deleted_at=None)


def editable_videos(user: Visitor) -> QuerySet[Video]:
    return Video.objects.filter(team__in=editable_teams(user), deleted_at=None)


def restorable_videos(user: Visitor) -> QuerySet[Video]:
    """Returns deleted videos whose undo period has not ended."""
    return Video.objects.filter(team__in=editable_teams(user), deleted_at__isnull=False)


def exportable_videos(user: Visitor) -> QuerySet[Video]:
    """Returns the videos of which this person may export clips, copies and lists of appearances."""
    return Video.objects.filter(team__in=exporting_teams(user), deleted_at=None)


def own_uploads(user: Visitor) -> QuerySet[Upload]:
    """Returns the uploads that this person started, as long as they may upload to the team."""
    if not user.is_authenticated:
        return Upload.objects.none()
    return Upload.objects.filter(user=user, video__team__in=editable_teams(user), video__deleted_at=None)


def visible_tags(user: Visitor) -> QuerySet[Tag]:
    return Tag.objects.filter(team__in=visible_teams(user), deleted_at=None)


def editable_tags(user: Visitor) -> QuerySet[Tag]:
    """Returns the tags that this person may rename, merge, delete, and put on videos."""
    return Tag.objects.filter(team__in=editable_teams(user), deleted_at=None)


def restorable_tags(user: Visitor) -> QuerySet[Tag]:
    """Returns deleted tags whose undo period has not ended."""
    return Tag.objects.filter(team__in=editable_teams(user), deleted_at__isnull=False)


def visible_people(user: Visitor) -> QuerySet[Person]:
    return Person.objects.filter(team__in=visible_teams(user))


def people_of(team: Team) -> QuerySet[Person]:
    """Returns the people whom everybody in the team sees; see `videos_of`."""
    return Person.objects.filter(team=team)


def editable_people(user: Visitor) -> QuerySet[Person]:
    return Person.objects.filter(team__in=editable_teams(user))


def manageable_introductions(user: Visitor) -> QuerySet[Introduction]:
    """Returns introductions of face models that this person may carry out, discard and roll back."""
    return Introduction.objects.filter(team__in=manageable_teams(user))


def visible_faces(user: Visitor) -> QuerySet[Face]:
    return Face.objects.filter(analysis__video__in=visible_videos(user))


def visible_tracks(user: Visitor) -> QuerySet[Track]:
    """Returns appearances of people."""
    return Track.objects.filter(analysis__video__in=visible_videos(user), person__isnull=False)


def editable_tracks(user: Visitor) -> QuerySet[Track]:
    """Returns the tracks that videos show now, unclear faces among them, of which this person may say who it is."""
    shown = Track.objects.filter(analysis=F("analysis__video__current_analysis"))
    return shown.filter(analysis__video__in=editable_videos(user))


def editable_jobs(user: Visitor) -> QuerySet[Job]:
    """Returns the jobs that this person may cancel."""
    return Job.objects.filter(team__in=editable_teams(user))


def visible_datasets(user: Visitor) -> QuerySet[Dataset]:
    return Dataset.objects.filter(team__in=visible_teams(user), deleted_at=None)


def datasets_of(team: Team) -> QuerySet[Dataset]:
    """Returns the datasets that everybody in the team sees; see `videos_of`."""
    return Dataset.objects.filter(team=team, deleted_at=None)


def editable_datasets(user: Visitor) -> QuerySet[Dataset]:
    """Returns the datasets whose samples this person may label."""
    return Dataset.objects.filter(team__in=editable_teams(user), deleted_at=None)


def manageable_datasets(user: Visitor) -> QuerySet[Dataset]:
    """Returns the datasets that this person may fill, change, freeze and delete."""
    return Dataset.objects.filter(team__in=manageable_teams(user), deleted_at=None)


def restorable_datasets(user: Visitor) -> QuerySet[Dataset]:
    """Returns deleted datasets whose undo period has not ended."""
    return Dataset.objects.filter(team__in=manageable_teams(user), deleted_at__isnull=False)


def visible_samples(user: Visitor) -> QuerySet[Sample]:
    """Returns samples, including removed ones that a version still holds."""
    return Sample.objects.filter(dataset__in=visible_datasets(user))


def visible_versions(user: Visitor) -> QuerySet[Version]:
    return Version.objects.filter(dataset__in=visible_datasets(user), deleted_at=None)


def manageable_versions(user: Visitor) -> QuerySet[Version]:
    """Returns versions, including deleted ones whose undo period has not ended."""
    return Version.objects.filter(dataset__in=manageable_datasets(user))


def manageable_imports(user: Visitor) -> QuerySet[Import]:
    return Import.objects.filter(dataset__in=manageable_datasets(user))


def own_import_uploads(user: Visitor) -> QuerySet[ImportUpload]:
    """Returns the files that this person is uploading for imports."""
    if not user.is_authenticated:
        return ImportUpload.objects.none()
    return ImportUpload.objects.filter(user=user, of_import__in=manageable_imports(user))


def visible_runs(user: Visitor) -> QuerySet[TrainingRun]:
    return TrainingRun.objects.filter(team__in=visible_teams(user), deleted_at=None)


def editable_runs(user: Visitor) -> QuerySet[TrainingRun]:
    """Returns the runs whose model this person may try, and whose mistakes they may relabel."""
    return TrainingRun.objects.filter(team__in=editable_teams(user), deleted_at=None)


def manageable_runs(user: Visitor) -> QuerySet[TrainingRun]:
    """Returns the runs that this person may stop, promote and delete."""
    return TrainingRun.objects.filter(team__in=manageable_teams(user), deleted_at=None)


def restorable_runs(user: Visitor) -> QuerySet[TrainingRun]:
    """Returns deleted runs whose undo period has not ended."""
    return TrainingRun.objects.filter(team__in=manageable_teams(user), deleted_at__isnull=False)


def visible_explanations(user: Visitor) -> QuerySet[Explanation]:
    """Returns explanations of predictions; those of an uploaded file are visible to its uploader alone.

    Those of a deleted video's frames are out of sight like the video.
    """
    if not user.is_authenticated:
        return Explanation.objects.none()
    shown = Q(video=None) | Q(video__deleted_at=None)
    return Explanation.objects.filter(shown, Q(file_key="") | Q(created_by=user), run__in=visible_runs(user))


def visible_recognitions(user: Visitor) -> QuerySet[Recognition]:
    """Returns inference runs on videos, without those of deleted models."""
    return Recognition.objects.filter(video__in=visible_videos(user), run__deleted_at=None)


def editable_recognitions(user: Visitor) -> QuerySet[Recognition]:
    """Returns the inference runs whose results this person may apply, discard or compute again."""
    return Recognition.objects.filter(video__in=editable_videos(user), run__deleted_at=None)


def visible_observations(user: Visitor) -> QuerySet[Observation]:
    return Observation.objects.filter(recognition__in=visible_recognitions(user))


def editable_observations(user: Visitor) -> QuerySet[Observation]:
    """Returns the moments that this person may label."""
    return Observation.objects.filter(recognition__in=editable_recognitions(user))


def visible_exports(user: Visitor) -> QuerySet[Export]:
    """Returns what was exported of videos that are there; what shows somebody goes out of sight with that person."""
    return _exports_of(exporting_teams(user))


def _exports_of(teams: QuerySet[Team]) -> QuerySet[Export]:
    gone = Q(videos__deleted_at__isnull=False) | Q(kind__in=SHOWING, people__is_deleted=True)
    return Export.objects.filter(team__in=teams).exclude(pk__in=Export.objects.filter(gone).values("pk"))


def changeable_exports(user: Visitor) -> QuerySet[Export]:
    """Returns the exports that this person may cancel and delete: their own, and as an editor those of others."""
    if not user.is_authenticated:
        return Export.objects.none()
    return visible_exports(user).filter(Q(created_by=user) | Q(team__in=editable_teams(user)))


def sharable_videos(user: Visitor) -> QuerySet[Video]:
    """Returns the videos that this person may show to people without an account, whole or a moment of them."""
    return Video.objects.filter(team__in=sharing_teams(user), deleted_at=None)


def sharable_exports(user: Visitor) -> QuerySet[Export]:
    """Returns the exports that this person may show to people without an account, also those being made."""
    return _exports_of(sharing_teams(user)).filter(kind__in=SHARABLE)


def visible_share_links(user: Visitor) -> QuerySet[ShareLink]:
    """Returns the links of the teams in which this person may share; managers see them whatever is set."""
    return ShareLink.objects.filter(Q(team__in=sharing_teams(user)) | Q(team__in=manageable_teams(user)))


def changeable_share_links(user: Visitor) -> QuerySet[ShareLink]:
    """Returns the links that this person may revoke: their own, and as an editor those of others."""
    if not user.is_authenticated:
        return ShareLink.objects.none()
    return visible_share_links(user).filter(Q(created_by=user) | Q(team__in=editable_teams(user)))


def can_see_subject(user: Visitor, subject_id: UUID) -> bool:
    """Returns whether this person may follow the work on a video, a dataset or a training run."""
    return team_of_visible_subject(user, subject_id) is not None


def team_of_visible_subject(user: Visitor, subject_id: UUID) -> UUID | None:
    """Returns the team of a video, dataset or training run; None where this person may not see it."""
    for visible in (visible_videos(user), visible_datasets(user), visible_runs(user)):
        team: UUID | None = visible.filter(pk=subject_id).values_list("team", flat=True).first()
        if team is not None:
            return team
    return None
