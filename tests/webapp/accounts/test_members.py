"""Who changes which member; a team is never without an owner, whatever happens at once."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import make_invitation, make_job, make_team, make_user
from tests.factories_training import make_run
from tests.factories_videos import make_upload, make_video
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp import access
from webapp.accounts.members import services
from webapp.accounts.models import Membership, Role, Team, User
from webapp.jobs import lifecycle
from webapp.jobs.models import JobKind, Status
from webapp.team_scope import carried
from webapp.uploads import partial_files
from webapp.videos import cleanup as videos_cleanup
from webapp.videos.models import Video
from webapp.videos.services import begin_analysis

pytestmark = pytest.mark.django_db

MAY_GIVE: dict[str, set[str]] = {Role.OWNER: set(Role.values), Role.ADMIN: {Role.EDITOR, Role.VIEWER}}


def membership(user: User) -> Membership:
    return Membership.objects.get(user=user)


def role_of(user: User) -> str | None:
    return Membership.objects.filter(user=user).values_list("role", flat=True).first()


def change(by: User, member: Membership, role: str, seen: str = "") -> Response:
    fields = {"role": role, "seen": seen or member.role}
    return signed_in(by).post(reverse("accounts:change_role", args=[member.pk]), fields)


def remove(by: User, member: Membership) -> Response:
    return signed_in(by).post(reverse("accounts:remove", args=[member.pk]), {"seen": member.role})


def leave(user: User, team: Team) -> Response:
    return signed_in(user).post(reverse("accounts:leave"), {"team": str(team.pk)})


@pytest.mark.parametrize("role", Role.values)
def test_the_team_page_shows_each_role_what_it_may_do(role: str, team: Team, alice: User, vera: User) -> None:
    user = make_user(team=team, role=role)
    html = signed_in(user).get(reverse("accounts:team")).content.decode()
    assert faults_of(html) == []
    manages = role in (Role.OWNER, Role.ADMIN)
    for address in (
        reverse("accounts:change_role", args=[membership(vera).pk]),
        reverse("accounts:remove", args=[membership(vera).pk]),
        reverse("accounts:invite"),
        reverse("accounts:team_settings"),
        vera.email,
    ):
        assert (address in html) == manages, address
    for address in (
        reverse("accounts:change_role", args=[membership(alice).pk]),
        reverse("accounts:transfer", args=[membership(vera).pk]),
    ):
        assert (address in html) == (role == Role.OWNER), address


@pytest.mark.parametrize("by", Role.values)
@pytest.mark.parametrize("of", Role.values)
def test_roles_are_given_and_taken_by_the_table(by: str, of: str, team: Team) -> None:
    make_user(team=team, role=Role.OWNER)
    may = MAY_GIVE.get(by, set())
    actor = make_user(team=team, role=by)
    for wished in Role.values:
        member = membership(make_user(team=team, role=of))
        response = change(actor, member, wished)
        assert response.status_code == (303 if by in (Role.OWNER, Role.ADMIN) else 404)
        member.refresh_from_db()
        assert member.role == (wished if {of, wished} <= may else of), wished
    member = membership(make_user(team=team, role=of))
    remove(actor, member)
    assert Membership.objects.filter(pk=member.pk).exists() == (of not in may)


def test_strangers_and_anonymous_visitors_change_nobody(team: Team, vera: User, charlie: User) -> None:
    member = membership(vera)
    assert change(charlie, member, Role.ADMIN).status_code == remove(charlie, member).status_code == 404
    assert leave(charlie, team).status_code == 404
    transfer = reverse("accounts:transfer", args=[member.pk])
    assert signed_in(charlie).post(transfer).status_code == signed_in(charlie).get(transfer).status_code == 404
    assert role_of(vera) == Role.VIEWER


def test_the_last_owner_stays_an_owner(team: Team, alice: User, vera: User) -> None:
    own = membership(alice)
    for response in (leave(alice, team), remove(alice, own), change(alice, own, Role.VIEWER)):
        assert response.status_code == 303
        assert role_of(alice) == Role.OWNER
    page = signed_in(alice)
    page.post(reverse("accounts:leave"), {"team": str(team.pk)})
    assert "needs an owner" in page.get(reverse("accounts:team")).content.decode()
    change(alice, membership(vera), Role.OWNER)
    assert leave(alice, team).status_code == 303
    assert (role_of(alice), role_of(vera)) == (None, Role.OWNER)


def test_an_owner_who_cannot_sign_in_does_not_count(team: Team, alice: User) -> None:
    other = make_user(team=team, role=Role.OWNER)
    other.is_active = False
    other.save()
    leave(alice, team)
    assert role_of(alice) == Role.OWNER


def test_ownership_is_handed_over(team: Team, alice: User, vera: User, bob: User) -> None:
    address = reverse("accounts:transfer", args=[membership(vera).pk])
    assert signed_in(bob).post(address).status_code == 404
    assert faults_of(signed_in(alice).get(address).content.decode()) == []
    assert signed_in(alice).post(address).status_code == 303
    assert (role_of(alice), role_of(vera)) == (Role.ADMIN, Role.OWNER)
    assert signed_in(alice).post(address).status_code == 404


def test_members_leave_and_lose_sight_at_once(team: Team, alice: User, vera: User) -> None:
    page = signed_in(vera)
    assert faults_of(page.get(reverse("accounts:leave"), {"team": str(team.pk)}).content.decode()) == []
    assert page.post(reverse("accounts:leave"), {"team": str(team.pk)}).status_code == 303
    assert page.get(reverse("accounts:leave"), {"team": str(team.pk)}).status_code == 404
    assert role_of(vera) is None


def test_two_admins_who_change_the_same_role_do_not_overwrite_each_other(team: Team, alice: User, vera: User) -> None:
    shown = membership(vera)
    change(alice, shown, Role.EDITOR)
    page = signed_in(make_user(team=team, role=Role.ADMIN))
    page.post(reverse("accounts:change_role", args=[shown.pk]), {"role": Role.VIEWER, "seen": Role.VIEWER})
    assert role_of(vera) == Role.EDITOR
    assert "changed this first" in page.get(reverse("accounts:team")).content.decode()
    for wrong in ({"role": "emperor", "seen": Role.EDITOR}, {"role": Role.VIEWER}):
        page.post(reverse("accounts:change_role", args=[shown.pk]), wrong)
    remove(alice, shown)
    assert role_of(vera) == Role.EDITOR, "the page showed a viewer"


def test_an_admin_who_lost_the_role_while_the_page_was_open_changes_nothing(team: Team, vera: User) -> None:
    admin = make_user(team=team, role=Role.ADMIN)
    shown = membership(vera)
    Membership.objects.filter(user=admin).update(role=Role.EDITOR)
    with pytest.raises(services.MemberChanged):
        services.change_role(shown, Role.EDITOR, by=admin)
    with pytest.raises(services.MemberChanged):
        services.remove(shown, by=admin)
    assert role_of(vera) == Role.VIEWER


def test_somebody_removed_in_the_middle_of_an_upload_sends_no_more(team: Team, alice: User, bob: User) -> None:
    upload = make_upload(bob, team=team)
    address, headers = reverse("videos:tus_file", args=[upload.pk]), {"Tus-Resumable": "1.0.0"}
    page = signed_in(bob)
    assert page.head(address, headers=headers).status_code == 200
    remove(alice, membership(bob))
    assert page.head(address, headers=headers).status_code == 404
    more = headers | {"Upload-Offset": "0"}
    sent = page.patch(address, b"more", content_type="application/offset+octet-stream", headers=more)
    assert sent.status_code == 404
    assert "may no longer upload to this team" in sent.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["is removed", "leaves", "is deleted"])
def test_nothing_half_stays_of_the_uploads_of_somebody_who_is_gone(
    how: str, team: Team, alice: User, bob: User
) -> None:
    upload = make_upload(bob, team=team)
    elsewhere = make_upload(bob, team=make_team("Elsewhere"))
    partial_files.path_of(upload.pk).parent.mkdir(parents=True, exist_ok=True)
    partial_files.path_of(upload.pk).write_bytes(b"half")
    if how == "is removed":
        remove(alice, membership(bob))
    elif how == "leaves":
        leave(bob, team)
    else:
        bob.delete()
        videos_cleanup.clean_up()
    assert not Video.objects.filter(pk=upload.video_id).exists()
    assert not partial_files.path_of(upload.pk).exists()
    assert Video.objects.filter(pk=elsewhere.video_id).exists() == (how != "is deleted")


def test_work_that_somebody_started_goes_on_without_them(team: Team, alice: User, bob: User) -> None:
    run = make_run(team=team)
    video = make_video(team=team, user=bob)
    job = begin_analysis(video, replacing=video.current_job_id, thoroughness="fast", user=bob)
    jobs = [(video.pk, job), (run.pk, make_job(team=team, kind=JobKind.TRAIN, subject_id=run.pk, created_by=bob))]
    page, others = signed_in(bob), signed_in(alice)
    addresses = [reverse("videos:detail", args=[video.pk]), reverse("training:run", args=[run.pk])]
    assert [page.get(address).status_code for address in addresses] == [200, 200]
    remove(alice, membership(bob))
    assert [page.get(address).status_code for address in addresses] == [404, 404]
    assert [others.get(address).status_code for address in addresses] == [200, 200]
    for subject_id, each in jobs:
        assert not access.can_see_subject(bob, subject_id), "its messages go to others alone"
        with lifecycle.working(each.pk) as claimed:
            assert claimed is not None
        each.refresh_from_db()
        assert each.status == Status.DONE


def test_links_of_somebody_who_was_removed_stop_working_for_good(team: Team, alice: User) -> None:
    admin = make_user(team=team, role=Role.ADMIN)
    invitation = make_invitation(team, created_by=admin)
    remove(alice, membership(admin))
    invitation.refresh_from_db()
    assert invitation.revoked_at


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_change_the_same_role_at_once_one_is_told_that_the_other_was_first(team: Team) -> None:
    for _ in range(5):
        owners = [make_user(team=team, role=Role.OWNER) for _ in range(2)]
        seen = membership(make_user(team=team, role=Role.VIEWER))
        told: list[Role | None] = []

        def give(role: Role, by: User) -> None:
            try:
                services.change_role(seen, role, by=by)  # noqa: B023
                told.append(role)  # noqa: B023
            except services.MemberChanged:
                told.append(None)  # noqa: B023

        at_once([lambda: give(Role.ADMIN, owners[0]), lambda: give(Role.EDITOR, owners[1])])  # noqa: B023
        assert told.count(None) == 1
        assert Membership.objects.get(pk=seen.pk).role in told


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["each leaves", "each demotes the other", "each removes the other", "both hand over"])
def test_a_team_keeps_an_owner_whatever_two_owners_do_at_once(way: str, team: Team, vera: User) -> None:
    for _ in range(5):
        elsewhere = make_team()
        first, second = (make_user(team=elsewhere, role=Role.OWNER) for _ in range(2))
        ones, others = membership(first), membership(second)
        acts: dict[str, list[Callable[[], None]]] = {
            "each leaves": [
                lambda: services.leave(elsewhere, user=first),  # noqa: B023
                lambda: services.leave(elsewhere, user=second),  # noqa: B023
            ],
            "each demotes the other": [
                lambda: services.change_role(others, Role.VIEWER, by=first),  # noqa: B023
                lambda: services.change_role(ones, Role.VIEWER, by=second),  # noqa: B023
            ],
            "each removes the other": [
                lambda: services.remove(others, by=first),  # noqa: B023
                lambda: services.remove(ones, by=second),  # noqa: B023
            ],
            "both hand over": [
                lambda: services.transfer_ownership(others, by=first),  # noqa: B023
                lambda: services.transfer_ownership(ones, by=second),  # noqa: B023
            ],
        }
        at_once(acts[way])
        assert Membership.objects.filter(team=elsewhere, role=Role.OWNER).exists()


def at_once(acts: list[Callable[[], None]]) -> None:
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], None]) -> None:
        barrier.wait()
        try:
            act()
        except (services.LastOwner, services.MemberChanged):
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=carried(run), args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
