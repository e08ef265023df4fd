"""The page of face models: who may see it, what it offers, what it shows of a plan, and what its buttons do."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis.faces.embedder_files import list_embedder_files
from tests.analysis.faces.onnx_stand_ins import write_auraface
from tests.factories_videos import found_track, make_analysed_video
from tests.present import present
from webapp.accounts.models import Team
from webapp.audit.models import AuditEntry
from webapp.people.introduction import queries
from webapp.people.introduction.models import Introduction, IntroductionState
from webapp.people.models import Person, Track

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/people/face-model/"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "EMBEDDERS_DIR", tmp_path)
    return tmp_path


def ready(team: Team) -> Introduction:
    video = make_analysed_video(found_track(1), found_track(2, start_s=10, end_s=12), team=team)
    first, second = Person.objects.order_by("number")
    track = present(Track.objects.filter(analysis__video=video, person=second).first())
    example: dict[str, Any] = {"before": str(second.pk), "after": str(first.pk), "is_new": False}
    summary = {
        "appearances": 2,
        "changed": 1,
        "people_before": 2,
        "people_after": 1,
        "counts": {"merge": 1},
        "tracks": {"merge": 1},
        "examples": {"merge": [example | {"count": 1, "tracks": [track.pk]}]},
        "lost": [],
    }
    return Introduction.objects.create(
        team=team,
        embedder="new 0123456789abcdef",
        before=queries.BUILT_IN,
        state=IntroductionState.READY,
        stamp=queries.stamp_of(team.pk),
        summary=summary,
    )


def url(introduction: Introduction, verb: str) -> str:
    return reverse("people:introduction_act", args=[introduction.pk, verb])


@pytest.mark.parametrize(("who", "status"), [("alice", 200), ("bob", 404), ("vera", 404)])
def test_only_admins_see_it(who: str, status: int, request: pytest.FixtureRequest, client: Client) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(PAGE).status_code == status


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_others_cannot_switch_or_prepare(who: str, team: Team, request: pytest.FixtureRequest, client: Client) -> None:
    introduction = ready(team)
    client.force_login(request.getfixturevalue(who))
    assert client.post(url(introduction, "switch")).status_code == 404
    client.post(PAGE + "prepare/", {"embedder": queries.BUILT_IN})
    assert Introduction.objects.filter(team=team).count() == 1
    introduction.refresh_from_db()
    assert introduction.state == IntroductionState.READY


def test_files_of_the_operator_are_offered_and_refused_with_a_reason(
    folder: Path, alice: Any, team: Team, client: Client
) -> None:
    write_auraface(folder)
    write_auraface(folder, "wrong", "std = 0")
    client.force_login(alice)
    page = client.get(PAGE).content.decode()
    assert "AuraFace" in page and "Cannot be used: wrong.toml: std must be above 0." in page
    name = list_embedder_files(folder)[0][0].name
    assert client.post(PAGE + "prepare/", {"embedder": "unknown"}).status_code == 303
    assert not Introduction.objects.exists()
    client.post(PAGE + "prepare/", {"embedder": name})
    made = Introduction.objects.get()
    assert (made.embedder, made.state, made.created_by) == (name, IntroductionState.PREPARING, alice)
    assert "Nothing changes until you switch." in client.get(PAGE).content.decode()


def test_the_plan_is_shown_with_names_pictures_and_counts(alice: Any, team: Team, client: Client) -> None:
    ready(team)
    client.force_login(alice)
    page = client.get(PAGE).content.decode()
    assert "1 person merges" in page and "<b>Person 2</b>" in page and "<b>Person 1</b>" in page
    assert "/people/faces/" in page


@pytest.mark.parametrize(
    ("state", "said"),
    [(IntroductionState.SWITCHING, "Switching to it."), (IntroductionState.ROLLING_BACK, "Rolling back")],
)
def test_nothing_is_promised_to_stay_while_it_changes(
    state: str, said: str, alice: Any, team: Team, client: Client
) -> None:
    ready(team)
    Introduction.objects.update(state=state)
    client.force_login(alice)
    page = client.get(PAGE).content.decode()
    assert said in page and "Nothing changes until you switch." not in page


def test_its_buttons_switch_and_discard(alice: Any, team: Team, client: Client) -> None:
    introduction = ready(team)
    client.force_login(alice)
    client.post(url(introduction, "switch"))
    introduction.refresh_from_db()
    assert introduction.state == IntroductionState.SWITCHING and introduction.job is not None
    Introduction.objects.update(state=IntroductionState.READY)
    client.post(url(introduction, "discard"))
    introduction.refresh_from_db()
    assert introduction.state == IntroductionState.DISCARDED


def test_who_switched_and_rolled_back_is_in_the_audit_log(alice: Any, team: Team, client: Client) -> None:
    introduction = ready(team)
    client.force_login(alice)
    client.post(url(introduction, "switch"))
    Introduction.objects.update(state=IntroductionState.SWITCHED, switched_at=timezone.now(), job=None)
    client.post(url(introduction, "roll-back"))
    client.post(url(introduction, "roll-back"))
    told = AuditEntry.objects.filter(action="deployed").order_by("pk")
    names = [introduction.before, introduction.embedder]
    assert list(told.values_list("user_name", "subject_label")) == [("Alice", names[1]), ("Alice", names[0])]
    assert [(json.loads(each.before), json.loads(each.after)) for each in told] == [
        ({"face_model": names[0]}, {"face_model": names[1]}),
        ({"face_model": names[1]}, {"face_model": names[0]}),
    ]


def test_a_preview_that_no_longer_fits_is_made_again_instead(alice: Any, team: Team, client: Client) -> None:
    introduction = ready(team)
    make_analysed_video(found_track(3), team=team)
    Introduction.objects.update(state=IntroductionState.READY)
    client.force_login(alice)
    client.post(url(introduction, "switch"))
    introduction.refresh_from_db()
    assert introduction.state == IntroductionState.PREPARING


@pytest.mark.parametrize("state", [IntroductionState.KEPT, IntroductionState.SWITCHED, IntroductionState.DISCARDED])
def test_what_is_over_is_not_switched_to_from_an_old_page(
    state: IntroductionState, alice: Any, team: Team, client: Client
) -> None:
    introduction = ready(team)
    Introduction.objects.filter(pk=introduction.pk).update(state=state, stamp={"tracks": -1})
    client.force_login(alice)
    assert client.post(url(introduction, "switch"), headers={"Accept": "application/json"}).status_code == 409
    introduction.refresh_from_db()
    assert introduction.state == state
