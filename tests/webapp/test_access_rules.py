"""The whole table of rules: who gets what from each function of `webapp.access`. A function without a row fails."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone

from tests.factories import make_invitation, make_job, make_team, make_token, make_user
from tests.factories_datasets import make_dataset, make_import, make_sample
from tests.factories_exports import make_export
from tests.factories_recognition import make_recognition
from tests.factories_sharing import make_share_link
from tests.factories_training import make_run
from tests.factories_videos import make_upload, make_video
from webapp import access
from webapp.accounts.models import Membership, Role, Team, TokenScope, User
from webapp.datasets.models import ImportUpload
from webapp.datasets.versions import services as versions
from webapp.exports.models import Export
from webapp.people.introduction.models import Introduction
from webapp.people.models import Face, Person, Track
from webapp.recognition.models import Observation
from webapp.training.models import Explanation
from webapp.videos.models import Analysis, Segment, Tag, Video

pytestmark = pytest.mark.django_db

SEE, EDIT, MANAGE, OWN = "see", "edit", "manage", "own"
MAY: dict[str, set[str]] = {
    Role.OWNER: {SEE, EDIT, MANAGE, OWN},
    Role.ADMIN: {SEE, EDIT, MANAGE},
    Role.EDITOR: {SEE, EDIT},
    Role.VIEWER: {SEE},
    "stranger": set(),
    "anonymous": set(),
}
RULES: dict[str, tuple[str, str]] = {
    "visible_teams": (SEE, "team"),
    "joined_teams": (SEE, "team"),
    "editable_teams": (EDIT, "team"),
    "manageable_teams": (MANAGE, "team"),
    "owned_teams": (OWN, "team"),
    "photo_search_teams": (EDIT, "team"),
    "exporting_teams": (SEE, "team"),
    "visible_memberships": (SEE, "membership"),
    "manageable_memberships": (MANAGE, "membership"),
    "visible_accounts": (SEE, "account"),
    "manageable_accounts": (MANAGE, "account"),
    "manageable_invitations": (MANAGE, "invitation"),
    "manageable_tokens": (MANAGE, "token"),
    "visible_videos": (SEE, "video"),
    "editable_videos": (EDIT, "video"),
    "exportable_videos": (SEE, "video"),
    "restorable_videos": (EDIT, "deleted video"),
    "visible_tags": (SEE, "tag"),
    "editable_tags": (EDIT, "tag"),
    "restorable_tags": (EDIT, "deleted tag"),
    "visible_people": (SEE, "person"),
    "editable_people": (EDIT, "person"),
    "manageable_introductions": (MANAGE, "introduction"),
    "visible_faces": (SEE, "face"),
    "visible_tracks": (SEE, "track"),
    "editable_tracks": (EDIT, "track"),
    "editable_jobs": (EDIT, "job"),
    "visible_datasets": (SEE, "dataset"),
    "editable_datasets": (EDIT, "dataset"),
    "manageable_datasets": (MANAGE, "dataset"),
    "restorable_datasets": (MANAGE, "deleted dataset"),
    "visible_samples": (SEE, "sample"),
    "visible_versions": (SEE, "version"),
    "manageable_versions": (MANAGE, "version"),
    "manageable_imports": (MANAGE, "import"),
    "visible_runs": (SEE, "run"),
    "editable_runs": (EDIT, "run"),
    "manageable_runs": (MANAGE, "run"),
    "restorable_runs": (MANAGE, "deleted run"),
    "visible_explanations": (SEE, "explanation"),
    "visible_recognitions": (SEE, "recognition"),
    "editable_recognitions": (EDIT, "recognition"),
    "visible_observations": (SEE, "observation"),
    "editable_observations": (EDIT, "observation"),
    "visible_exports": (SEE, "export"),
    "changeable_exports": (EDIT, "export"),
    "sharing_teams": (EDIT, "team"),
    "sharable_videos": (EDIT, "video"),
    "sharable_exports": (EDIT, "export"),
    "visible_share_links": (EDIT, "share link"),
    "changeable_share_links": (EDIT, "share link"),
}
"""By function: what somebody must be allowed in the team to get which kind of thing."""
ONES_OWN: dict[str, tuple[str, Callable[[Team, User], Any]]] = {
    "own_tokens": (SEE, lambda team, user: make_token(user, team)),
    "own_uploads": (EDIT, lambda team, user: make_upload(user, team=team)),
    "own_import_uploads": (MANAGE, lambda team, user: _import_upload(team, user)),
    "visible_explanations": (SEE, lambda team, user: _explanation_of_own_file(team, user)),
}
"""What nobody gets but the person who made it, and they only while they are allowed that much in the team."""
GRANTED: dict[str, tuple[str, ...]] = {
    Role.OWNER: (Role.OWNER, Role.ADMIN, Role.EDITOR, Role.VIEWER),
    Role.ADMIN: (Role.EDITOR, Role.VIEWER),
}
"""Which roles who may give and take; nobody else any."""
SEARCHING: dict[str, set[str]] = {
    Role.VIEWER: {Role.OWNER, Role.ADMIN, Role.EDITOR, Role.VIEWER},
    Role.EDITOR: {Role.OWNER, Role.ADMIN, Role.EDITOR},
    Role.ADMIN: {Role.OWNER, Role.ADMIN},
    Role.OWNER: {Role.OWNER},
}
"""Who searches by photo, by the team's setting."""
FOLLOWED = ("video", "dataset", "run")
"""Things whose work members follow live: `can_see_subject` and `team_of_visible_subject`."""
OF_A_TEAM = {"videos_of": "video", "people_of": "person", "datasets_of": "dataset"}
"""By function: which kind of thing it gives of a team that `visible_teams` has let its caller into."""
PUBLIC = {
    name for name, rule in inspect.getmembers(access, inspect.isfunction) if rule.__module__ == access.__name__
} - {name for name in vars(access) if name.startswith("_")}


def _import_upload(team: Team, user: User) -> ImportUpload:
    of_import = make_import(make_dataset(team))
    return ImportUpload.objects.create(of_import=of_import, user=user, size_bytes=10, expires_at=timezone.now())


def _explanation_of_own_file(team: Team, user: User) -> Explanation:
    return Explanation.objects.create(run=make_run(team=team), created_by=user, file_key="tried/picture")


@pytest.fixture
def things(team: Team) -> dict[str, Any]:
    return things_of(team)


def things_of(team: Team) -> dict[str, Any]:
    """One of each kind that a rule speaks of."""
    sample = make_sample(make_dataset(team), label="a")
    video = make_video(team=team)
    track = _track(video)
    run = make_run(team=team)
    recognition = make_recognition(run, video, uncertain=[1.0])
    now = timezone.now()
    membership = Membership.objects.create(team=team, user=make_user(), role=Role.VIEWER)
    return {
        "team": team,
        "membership": membership,
        "account": membership.user,
        "invitation": make_invitation(team),
        "token": make_token(make_user(team=team, role=Role.EDITOR), team),
        "video": video,
        "deleted video": make_video(team=team, deleted_at=now),
        "tag": Tag.objects.create(team=team, name="Kept"),
        "deleted tag": Tag.objects.create(team=team, name="Deleted", deleted_at=now),
        "person": track.person,
        "introduction": Introduction.objects.create(team=team, embedder="new", before="old"),
        "face": track.faces.get(),
        "track": track,
        "job": make_job(team=team),
        "dataset": sample.dataset,
        "deleted dataset": make_dataset(team, deleted_at=now),
        "sample": sample,
        "version": versions.freeze(sample.dataset, user=None, shares={"train": 1.0}),
        "import": sample.came_with,
        "run": run,
        "deleted run": make_run(team=team, deleted_at=now),
        "explanation": Explanation.objects.create(run=run),
        "recognition": recognition,
        "export": make_export(video),
        "share link": make_share_link(video, make_user(team=team, role=Role.OWNER)),
        "observation": Observation.objects.get(recognition=recognition),
    }


def _track(video: Video) -> Track:
    analysis = Analysis.objects.create(video=video, job=make_job(team=video.team))
    segment = Segment.objects.create(analysis=analysis, job=make_job(team=video.team), index=0, start_s=0, end_s=60)
    video.current_analysis = analysis
    video.save()
    person = Person.objects.create(team=video.team, number=1, hue=0)
    where = {"analysis": analysis, "segment": segment, "start_s": 1, "end_s": 2}
    track = Track.objects.create(person=person, samples=b"", **where)
    place = {"x1": 0, "y1": 0, "x2": 9, "y2": 9, "score": 1, "quality": 1, "time_s": 1}
    Face.objects.create(analysis=analysis, track=track, embedding=b"", picture_key="face.jpg", **place)
    return track


def found(name: str, visitor: User | AnonymousUser) -> QuerySet[Any]:
    rows: QuerySet[Any] = getattr(access, name)(visitor)
    return rows


def visitor(who: str, team: Team) -> User | AnonymousUser:
    if who == "anonymous":
        return AnonymousUser()
    return make_user() if who == "stranger" else make_user(team=team, role=who)


def test_every_function_has_a_row() -> None:
    others = {"can_see_subject", "team_of_visible_subject", "grantable_roles"}
    assert {*RULES, *ONES_OWN, *OF_A_TEAM, *others} == PUBLIC


def test_every_role_has_a_row() -> None:
    assert set(MAY) - {"stranger", "anonymous"} == set(Role.values)


@pytest.mark.parametrize("who", MAY)
def test_each_rule_gives_what_the_role_allows(who: str, things: dict[str, Any]) -> None:
    user = visitor(who, things["team"])
    given = {name: things[kind] in found(name, user) for name, (_, kind) in RULES.items()}
    assert given == {name: verb in MAY[who] for name, (verb, _) in RULES.items()}


def test_roles_in_one_team_give_nothing_in_another(things: dict[str, Any]) -> None:
    elsewhere = make_team("Elsewhere")
    theirs = things_of(elsewhere)
    owner = make_user(team=elsewhere, role=Role.OWNER)
    for name, (_, kind) in RULES.items():
        assert things[kind] not in found(name, owner), name
        assert theirs[kind] in found(name, owner), name


def test_what_is_a_teams_is_what_its_members_see(things: dict[str, Any]) -> None:
    elsewhere = make_team("Elsewhere")
    theirs, viewer = things_of(elsewhere), visitor(Role.VIEWER, things["team"])
    for name, kind in OF_A_TEAM.items():
        given = getattr(access, name)(things["team"])
        assert things[kind] in given and theirs[kind] not in given, name
        (visible,) = (rule for rule, row in RULES.items() if row == (SEE, kind) and rule.startswith("visible_"))
        assert set(given) == set(found(visible, viewer)), name


@pytest.mark.parametrize("scope", TokenScope)
@pytest.mark.parametrize("role", Role.values)
def test_a_token_gives_what_its_scope_and_the_role_of_its_owner_both_allow(
    scope: TokenScope, role: str, things: dict[str, Any]
) -> None:
    elsewhere = make_team("Elsewhere")
    theirs = things_of(elsewhere)
    user = make_user(team=things["team"], role=role)
    Membership.objects.create(team=elsewhere, user=user, role=Role.OWNER)
    user.access_token = make_token(user, things["team"], scope=scope)
    for name, (verb, kind) in RULES.items():
        assert (things[kind] in found(name, user)) == (verb in MAY[scope.role] & MAY[role]), name
        assert theirs[kind] not in found(name, user), name
    assert not access.own_tokens(user).exists(), "a token makes and revokes none"


@pytest.mark.parametrize("who", MAY)
def test_owners_manage_everybody_and_admins_editors_and_viewers(who: str, team: Team) -> None:
    user = visitor(who, team)
    assert access.grantable_roles(user, team) == GRANTED.get(who, ())
    assert access.grantable_roles(user, make_team("Elsewhere")) == ()
    for role in Role.values:
        member = Membership.objects.create(team=team, user=make_user(), role=role)
        invitation = make_invitation(team, role=role)
        assert (member in access.manageable_memberships(user)) == (role in GRANTED.get(who, ())), role
        assert (invitation in access.manageable_invitations(user)) == (role in GRANTED.get(who, ())), role


def test_an_account_is_managed_by_who_manages_all_that_it_leads_to(team: Team, alice: User, bob: User) -> None:
    admin, owner = make_user(team=team, role=Role.ADMIN), make_user(team=team, role=Role.OWNER)
    assert set(access.manageable_accounts(admin)) == {bob}
    assert set(access.manageable_accounts(alice)) == {bob, admin, owner}
    elsewhere = make_team("Elsewhere")
    Membership.objects.create(team=elsewhere, user=bob, role=Role.VIEWER)
    assert bob not in access.manageable_accounts(admin) and bob not in access.manageable_accounts(alice)
    Membership.objects.create(team=elsewhere, user=alice, role=Role.ADMIN)
    assert bob in access.manageable_accounts(alice)


@pytest.mark.parametrize("least", SEARCHING)
def test_who_searches_by_photo_is_the_teams_setting(least: str, team: Team) -> None:
    team.photo_search_role = least
    team.save()
    may = {who for who in MAY if team in access.photo_search_teams(visitor(who, team))}
    assert may == SEARCHING[least]


@pytest.mark.parametrize("least", SEARCHING)
def test_who_exports_is_the_teams_setting(least: str, team: Team) -> None:
    export = make_export(make_video(team=team))
    Team.objects.filter(pk=team.pk).update(export_role=least)
    people = {who: visitor(who, team) for who in MAY}
    for allowed in (access.exporting_teams, access.exportable_videos, access.visible_exports):
        assert {who for who, user in people.items() if allowed(user).exists()} == SEARCHING[least], allowed
    assert access.changeable_exports(people[Role.VIEWER]).count() == 0
    Export.objects.update(created_by=people[Role.VIEWER])
    assert (export in access.changeable_exports(people[Role.VIEWER])) == (least == Role.VIEWER)


@pytest.mark.parametrize("least", SEARCHING)
def test_who_shares_is_the_teams_setting_and_managers_see_all_links(least: str, team: Team) -> None:
    video = make_video(team=team)
    make_export(video)
    link = make_share_link(video, make_user(team=team, role=Role.OWNER))
    Team.objects.filter(pk=team.pk).update(share_role=least)
    people = {who: visitor(who, team) for who in MAY}
    for allowed in (access.sharing_teams, access.sharable_videos, access.sharable_exports):
        assert {who for who, user in people.items() if allowed(user).exists()} == SEARCHING[least], allowed
    seeing = {who for who, user in people.items() if link in access.visible_share_links(user)}
    assert seeing == SEARCHING[least] | {Role.OWNER, Role.ADMIN}
    assert not access.changeable_share_links(people[Role.VIEWER]).exists()


@pytest.mark.parametrize("name", ONES_OWN)
def test_what_is_ones_own_is_nobody_elses(name: str, team: Team) -> None:
    verb, make = ONES_OWN[name]
    for role in Role.values:
        maker = make_user(team=team, role=role)
        made = make(team, maker)
        assert (made in found(name, maker)) == (verb in MAY[role]), role
        assert made not in found(name, make_user(team=team, role=Role.OWNER))
        assert made not in found(name, make_user())
        assert made not in found(name, AnonymousUser())


@pytest.mark.parametrize("who", MAY)
def test_members_follow_the_work_on_their_things(who: str, things: dict[str, Any]) -> None:
    user, team = visitor(who, things["team"]), things["team"]
    may = SEE in MAY[who]
    assert [access.can_see_subject(user, things[kind].pk) for kind in FOLLOWED] == [may] * len(FOLLOWED)
    assert {access.team_of_visible_subject(user, things[kind].pk) for kind in FOLLOWED} == {team.pk if may else None}
    assert not access.can_see_subject(user, things["job"].pk)


def test_what_is_deleted_is_out_of_everybodys_sight(things: dict[str, Any]) -> None:
    owner = visitor(Role.OWNER, things["team"])
    for kind, gone in (
        ("video", ("exportable_videos", "visible_exports", "changeable_exports")),
        ("video", ("visible_videos", "editable_videos", "visible_faces", "visible_recognitions")),
        ("video", ("visible_tracks", "editable_tracks")),
        ("dataset", ("visible_datasets", "editable_datasets", "visible_samples", "visible_versions")),
        ("run", ("visible_runs", "editable_runs", "manageable_runs", "visible_explanations", "visible_observations")),
    ):
        things[kind].deleted_at = timezone.now()
        things[kind].save()
        for name in gone:
            assert things[RULES[name][1]] not in found(name, owner), name
