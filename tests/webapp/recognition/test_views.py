"""Pages of labels: who sees and may do what, constant queries, the tab of a video, the library's filter."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import make_team
from tests.factories_datasets import make_dataset, make_label
from tests.factories_recognition import make_model_run, make_recognition, promote, striped_track
from tests.factories_videos import make_analysed_video, make_ended_job, make_video, people_of, work
from tests.webapp.page_checks import faults_of
from webapp.accounts.models import Membership, Role, Team, User
from webapp.jobs.models import JobKind, Status
from webapp.library import label_filter_queries
from webapp.library.label_filter_queries import LabelFilter, LabelKey
from webapp.people.acts.services import name_person
from webapp.recognition import runner, services
from webapp.recognition.models import Recognition
from webapp.training.models import TrainingRun
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(team: Team) -> TrainingRun:
    dataset = make_dataset(team=team, name="Stripes", kind="frames")
    for name in ("lie", "stand"):
        make_label(dataset, name)
    return promote(make_model_run(dataset=dataset))


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    html = response.content.decode()
    assert faults_of(html) == [], address
    return html


@pytest.fixture
def look(run: TrainingRun) -> Recognition:
    from uuid import uuid4

    return make_recognition(run, make_video(team=run.team), uncertain=[1.0], batch=uuid4())


def test_the_pages_render_in_every_state(run: TrainingRun, look: Recognition, bob: User, team: Team) -> None:
    client = signed_in(bob)
    waiting = make_recognition(run, look.video, [("lie", 1, 4)], batch=look.batch, taken_over_at=None, uncertain=[])
    for status, code in ((Status.FAILED, "damaged_model"), (Status.RUNNING, ""), (Status.QUEUED, "")):
        ended = {} if status == Status.FAILED else {"finished_at": None}
        video = make_video(team=team)
        job = make_ended_job(video, kind=JobKind.RECOGNISE, status=status, error_code=code, **ended)
        Recognition.objects.create(run=run, video=video, line=run.line, batch=look.batch, job=job)
        html = page(client, reverse("videos:detail", args=[video.pk]) + "?tab=labels")
        assert ("has been changed" in html) == (status == Status.FAILED)
        assert ("Models are running" in html) == (status != Status.FAILED)
    html = page(client, reverse("recognition:batch", args=[look.batch]))
    assert "has been changed" in html and "Apply all" in html
    assert "0:00–0:01" in html and "− 0:03–0:06" in html.replace("</span>", ""), "what goes"
    for address in (reverse("recognition:list"), reverse("recognition:apply", args=[run.pk])):
        page(client, address)
    assert waiting.taken_over_at is None


def test_empty_places_teach(team: Team, bob: User, vera: User) -> None:
    client = signed_in(bob)
    video = make_video(team=team)
    assert "No model in use" in page(client, reverse("recognition:list"))
    address = reverse("videos:detail", args=[video.pk]) + "?tab=labels"
    assert "Teach Rollcall what to look for" in page(client, address)
    run = promote(make_model_run(team=team))
    assert "No model has labelled this video yet" in page(client, address)
    assert reverse("recognition:begin") not in page(signed_in(vera), address)
    assert "was deleted" in page(client, reverse("recognition:uncertain", args=[run.pk]))
    assert "Check the 1 remaining video" in page(client, reverse("recognition:apply", args=[run.pk]))


def test_the_tab_shows_labels_with_scores_and_the_persons_name(team: Team, bob: User, alice: User) -> None:
    from tests.trained import stripes_model

    run = promote(make_model_run(team=team, kind="faces", folder=stripes_model()))
    video = make_analysed_video(striped_track(False), team=team)
    name_person(people_of(video)[0], name="Anna <b>", user=alice)
    work(Recognition.objects.get(run=run).job_id, runner.recognise_in_video)
    html = page(signed_in(bob), reverse("videos:detail", args=[video.pk]) + "?tab=labels")
    assert "Anna &lt;b&gt; · lie" in html and "not found" in html
    assert 'id="tab-labels"' in html and "<b>1</b>" in html
    hidden = page(signed_in(bob), reverse("videos:panel", args=[video.pk]) + "?tab=labels&score=100")
    assert len(re.findall(r"\shidden>\s*<title>", hidden)) == 1
    assert not re.search(r"\shidden>\s*<title>", html)


def test_times_are_those_of_the_player(run: TrainingRun, bob: User) -> None:
    from tests.factories_videos import make_info

    video = make_video(team=run.team, info=make_info(60.0, start_s=10.0))
    Video.objects.filter(pk=video.pk).update(playback="copy")
    video.refresh_from_db()
    make_recognition(run, video, [("lie", 12, 15)])
    html = page(signed_in(bob), reverse("videos:detail", args=[video.pk]) + "?tab=labels")
    start_s = 12 - video.playback_offset_s
    assert f'data-from="{start_s:g}"' in html


def test_queries_do_not_grow(run: TrainingRun, bob: User, team: Team, django_assert_max_num_queries: Any) -> None:
    from uuid import uuid4

    client, batch = signed_in(bob), uuid4()
    videos = [make_video(team=team) for _ in range(2)]
    for video in videos:
        make_recognition(run, video, uncertain=[1, 5])
    counts = {}
    for round_ in ("few", "many"):
        for address in (
            reverse("recognition:list"),
            reverse("recognition:batch", args=[batch]) if round_ == "many" else "",
            reverse("recognition:uncertain", args=[run.pk]),
            reverse("videos:detail", args=[videos[0].pk]) + "?tab=labels",
            reverse("videos:library") + f"?label={run.line.hex}.lie",
        ):
            if address:
                with django_assert_max_num_queries(60) as captured:
                    page(client, address)
                counts[round_, address] = len(captured)
        if round_ == "few":
            other = promote(make_model_run(team=team))
            for video in [*videos, *(make_video(team=team) for _ in range(4))]:
                make_recognition(other, video, [("lie", n, n + 1) for n in range(30)], uncertain=[2, 8])
                make_recognition(run, video, [("stand", 1, 5)], batch=batch, taken_over_at=None)
    for (round_, address), count in counts.items():
        assert round_ == "many" or counts["many", address] <= count, address
    few_rows = counts["many", reverse("recognition:batch", args=[batch])]
    for video in (make_video(team=team) for _ in range(6)):
        make_recognition(run, video, [("stand", 1, 5)], batch=batch, taken_over_at=None)
    with django_assert_max_num_queries(few_rows):
        page(client, reverse("recognition:batch", args=[batch]))


def titles(user: User, **query: Any) -> set[str]:
    answer = signed_in(user).get(reverse("videos:library"), query)
    assert answer.status_code == 200 and faults_of(answer.content.decode()) == []
    return {card.video.title for card in answer.context["page"].object_list}


def test_the_library_by_labels(run: TrainingRun, team: Team, vera: User) -> None:
    other = promote(make_model_run(team=team, dataset_name="Others"))
    for title, spans in {"lie": ["lie"], "both": ["lie", "stand"], "none": []}.items():
        video = make_video(team=team, title=title)
        make_recognition(run, video, [(label, 0, 3) for label in spans])
    make_recognition(run, make_video(team=team, title="waits"), [("lie", 0, 3)], taken_over_at=None)
    make_recognition(other, make_video(team=team, title="other"), [("lie", 0, 3)])
    lie, stand = (str(LabelKey(run.line, label)) for label in ("lie", "stand"))
    assert titles(vera, label=[lie]) == {"lie", "both"}
    assert titles(vera, label=[lie, stand]) == {"both"}
    assert titles(vera, label=[lie, stand], labelled="any") == {"lie", "both"}
    assert titles(vera, label=[str(LabelKey(other.line, "lie"))]) == {"other"}
    assert len(titles(vera, label=["x", "1.2", f"{run.line.hex}."])) == 5
    html = signed_in(vera).get(reverse("videos:library"), {"label": lie, "q": "both"}).content.decode()
    assert f'<input type="hidden" name="label" value="{lie}">' in html
    assert "Remove lie from the filters" in html


def test_the_filter_goes_through_the_indexes(run: TrainingRun) -> None:
    found = label_filter_queries.apply(Video.objects.all(), LabelFilter((LabelKey(run.line, "lie"),)))
    if connection.vendor != "sqlite":
        pytest.skip("the plan of a handful of rows tells nothing on PostgreSQL")
    plan = found.explain()
    assert "spans_by_label" in plan and "SCAN recognition" not in plan


def test_models_run_from_the_library(run: TrainingRun, bob: User, vera: User, tmp_path: Path) -> None:
    videos = [make_video(team=run.team) for _ in range(2)]
    fields = {"action": "labels", "video": [str(videos[0].pk)]}
    for user, begun in ((vera, 0), (bob, 1)):
        signed_in(user).post(reverse("videos:bulk"), fields)
        assert Recognition.objects.count() == begun
    made = Recognition.objects.get()
    assert made.video == videos[0] and made.batch is not None and made.created_by == bob
    again = signed_in(bob).post(reverse("videos:bulk"), fields, headers={"Accept": "application/json"})
    assert again.status_code == 409, "it is being made"


def test_models_run_on_videos_of_their_own_team_only(run: TrainingRun, bob: User) -> None:
    """Also when somebody who edits in two teams chooses videos of both."""
    elsewhere = make_team("Elsewhere")
    Membership.objects.create(team=elsewhere, user=bob, role=Role.EDITOR)
    theirs = promote(make_model_run(team=elsewhere, kind="frames"))
    videos = [make_video(team=team) for team in (run.team, elsewhere)]
    chosen = {"action": "labels", "video": [str(video.pk) for video in videos]}
    assert signed_in(bob).post(reverse("videos:bulk"), chosen).status_code == 303
    made = {(recognition.run, recognition.video) for recognition in Recognition.objects.all()}
    assert made == {(run, videos[0]), (theirs, videos[1])}
    assert not services.can_recognise(run, videos[1])
    assert list(services.recognisable(run, Video.objects.all())) == [videos[0]]
