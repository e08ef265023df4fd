"""Who may see and change what: the whole table of rules."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_job, make_user
from tests.factories_datasets import make_dataset, make_sample
from webapp import access
from webapp.accounts.models import Role, Team, User
from webapp.datasets.versions import services as versions_services
from webapp.jobs.models import Job, Status
from webapp.people.models import Person
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db

SEE, EDIT, MANAGE = "see", "edit", "manage"
MAY: dict[str, set[str]] = {
    Role.OWNER: {SEE, EDIT, MANAGE},
    Role.ADMIN: {SEE, EDIT, MANAGE},
    Role.EDITOR: {SEE, EDIT},
    Role.VIEWER: {SEE},
    "stranger": set(),
    "anonymous": set(),
}
RULES: list[tuple[str, Callable[[Any], QuerySet[Any]], str]] = [
    (SEE, access.visible_teams, "team"),
    (EDIT, access.editable_teams, "team"),
    (MANAGE, access.manageable_teams, "team"),
    (SEE, access.visible_videos, "video"),
    (EDIT, access.editable_videos, "video"),
    (SEE, access.visible_people, "person"),
    (EDIT, access.editable_people, "person"),
    (EDIT, access.editable_jobs, "job"),
    (SEE, access.visible_datasets, "dataset"),
    (EDIT, access.editable_datasets, "dataset"),
    (MANAGE, access.manageable_datasets, "dataset"),
    (SEE, access.visible_samples, "sample"),
    (SEE, access.visible_versions, "version"),
    (MANAGE, access.manageable_versions, "version"),
    (MANAGE, access.manageable_imports, "import"),
]


@pytest.fixture
def things(team: Team) -> dict[str, Any]:
    sample = make_sample(make_dataset(team), label="a")
    return {
        "team": team,
        "video": Video.objects.create(team=team, title="Opening night", file_name="a.mp4"),
        "job": make_job(team=team),
        "dataset": sample.dataset,
        "sample": sample,
        "version": versions_services.freeze(sample.dataset, user=None, shares={"train": 1.0}),
        "import": sample.came_with,
        "person": Person.objects.create(team=team, number=1, hue=0),
    }


def visitor(who: str, team: Team) -> User | AnonymousUser:
    if who == "anonymous":
        return AnonymousUser()
    return make_user() if who == "stranger" else make_user(team=team, role=who)


@pytest.mark.parametrize("who", MAY)
@pytest.mark.parametrize(("verb", "rule", "kind"), RULES)
def test_rules(who: str, verb: str, rule: Callable[[Any], QuerySet[Any]], kind: str, things: dict[str, Any]) -> None:
    found = rule(visitor(who, things["team"]))
    assert (things[kind] in found) == (verb in MAY[who])


def test_roles_in_one_team_give_nothing_in_another(things: dict[str, Any], charlie: User) -> None:
    for _, rule, kind in RULES:
        assert things[kind] not in rule(charlie)


@pytest.mark.parametrize("who", MAY)
def test_members_follow_videos_and_datasets(who: str, things: dict[str, Any]) -> None:
    user = visitor(who, things["team"])
    followed = [access.can_see_subject(user, things[kind].pk) for kind in ("video", "dataset")]
    assert followed == [SEE in MAY[who]] * 2
    assert not access.can_see_subject(user, things["job"].pk)


def test_what_is_deleted_is_out_of_everybodys_sight(things: dict[str, Any]) -> None:
    owner = visitor(Role.OWNER, things["team"])
    things["dataset"].deleted_at = timezone.now()
    things["dataset"].save()
    assert not access.visible_datasets(owner).exists()
    assert not access.visible_samples(owner).exists()
    assert not access.visible_versions(owner).exists()
    assert things["dataset"] in access.restorable_datasets(owner)
    assert things["dataset"] not in access.restorable_datasets(visitor(Role.EDITOR, things["team"]))


def test_every_role_has_a_rule() -> None:
    assert set(MAY) - {"stranger", "anonymous"} == set(Role.values)


def cancelled(browser: Client, job: Job) -> int:
    return browser.post(reverse("jobs:cancel", args=[job.pk])).status_code


def test_an_editor_cancels_a_job(team: Team, bob: User) -> None:
    job = make_job(team=team)
    assert cancelled(signed_in(bob), job) == 303
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


def test_a_viewer_or_stranger_cannot_cancel_a_job(team: Team, vera: User, charlie: User) -> None:
    job = make_job(team=team)
    assert [cancelled(signed_in(user), job) for user in (vera, charlie)] == [404, 404]
    assert cancelled(Client(), job) == 302, "to the sign-in page"
    job.refresh_from_db()
    assert job.status == Status.QUEUED


def test_cancelling_leads_back_but_never_to_another_web_site(team: Team, bob: User) -> None:
    for asked, expected in [
        ("/videos/?page=2", "/videos/?page=2"),
        ("https://evil.example/", reverse("videos:library")),
    ]:
        answer = signed_in(bob).post(reverse("jobs:cancel", args=[make_job(team=team).pk]), {"next": asked})
        assert answer["Location"] == expected


def test_cancelling_takes_a_post(team: Team, bob: User) -> None:
    assert signed_in(bob).get(reverse("jobs:cancel", args=[make_job(team=team).pk])).status_code == 405


def test_the_polled_state_equals_the_sockets_and_is_closed_to_strangers(team: Team, vera: User, charlie: User) -> None:
    job = make_job(team=team)
    address = reverse("jobs:state")
    states = signed_in(vera).get(address, {"team": team.pk}).json()["jobs"]
    assert [(each["id"], each["headline"]) for each in states] == [(str(job.pk), "Waiting")]
    assert signed_in(charlie).get(address, {"team": team.pk}).status_code == 404
    assert signed_in(vera).get(address, {"team": "nonsense"}).status_code == 404
    assert signed_in(vera).get(address).status_code == 404
