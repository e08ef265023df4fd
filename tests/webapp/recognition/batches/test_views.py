"""Batches on earlier videos: the difference first, then applying, discarding, and undo."""

from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_recognition import make_film, make_model_run, make_promoted, make_recognition, promote
from tests.factories_videos import make_video, work
from tests.trained import stripes_model
from webapp.accounts.models import Team, User
from webapp.recognition import runner
from webapp.recognition import services as recognition_services
from webapp.recognition.batches import difference_queries
from webapp.recognition.batches import services as batches
from webapp.recognition.models import CURRENT, Recognition
from webapp.training.models import TrainingRun
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ([], [], []),
        ([(0, 5)], [], [(0, 5)]),
        ([], [(0, 5)], []),
        ([(0, 5)], [(0, 5)], []),
        ([(0, 5)], [(2, 3)], [(0, 2), (3, 5)]),
        ([(0, 5), (6, 9)], [(4, 7)], [(0, 4), (7, 9)]),
        ([(0, 3), (2, 5)], [(4, 9)], [(0, 4)]),
        ([(0, 5)], [(0.1, 4.9)], []),
        ([(2, 3)], [(0, 1), (5, 6)], [(2, 3)]),
    ],
)
def test_what_one_has_and_the_other_has_not(
    first: list[tuple[float, float]], second: list[tuple[float, float]], left: list[tuple[float, float]]
) -> None:
    assert difference_queries.minus(first, second) == left


def begin(client: Client, **fields: object) -> UUID:
    answer = client.post(reverse("recognition:begin"), fields, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.content
    return UUID(answer.json()["redirect"].split("/")[-2])


def decide(client: Client, batch: UUID, act: str, *recognitions: Recognition) -> dict[str, object]:
    fields = {"act": act, "recognition": [str(recognition.pk) for recognition in recognitions]}
    address = reverse("recognition:decide", args=[batch])
    answer: dict[str, object] = client.post(address, fields, headers={"Accept": "application/json"}).json()
    return answer


def current(video: Video) -> Recognition | None:
    return Recognition.objects.filter(CURRENT, video=video).first()


def test_labels_of_a_batch_wait_show_the_difference_and_can_be_undone(team: Team, bob: User, tmp_path: object) -> None:
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    old = promote(make_model_run(team=team))
    video = make_film(tmp_path, team=team)
    before = make_recognition(old, video, [("lie", 0, 9)])
    new = make_promoted(team=team, line=old.line)
    client = signed_in(bob)
    batch = begin(client, run=new.pk, video=str(video.pk))
    recognition = Recognition.objects.get(batch=batch)
    work(recognition.job_id, runner.recognise_in_video)
    recognition.refresh_from_db()
    assert current(video) == before and recognition.is_waiting
    [found] = difference_queries.differences_of([recognition])
    by_label = {each.label: each for each in found.labels}
    assert [tuple(map(round, stretch)) for stretch in by_label["lie"].removed] == [(3, 6)]
    assert [tuple(map(round, stretch)) for stretch in by_label["stand"].added] == [(3, 6)]
    assert (round(by_label["lie"].before_s), round(by_label["lie"].after_s)) == (9, 6)
    answer = decide(client, batch, "apply", recognition)
    assert "1 video" in str(answer["toast"])
    assert current(video) == recognition
    recognition.refresh_from_db()
    [still] = difference_queries.differences_of([recognition])
    assert still.before == before, "afterwards the page shows what was replaced"
    undo = answer["undo"]
    assert isinstance(undo, dict)
    client.post(undo["url"], undo["fields"])
    recognition.refresh_from_db()
    assert current(video) == before and recognition.is_waiting
    assert client.post(undo["url"], undo["fields"], headers={"Accept": "application/json"}).status_code == 409


def test_all_are_applied_or_discarded_and_discarding_can_be_undone(team: Team, bob: User) -> None:
    run, client = promote(make_model_run(team=team)), signed_in(bob)
    batch = UUID(int=7)
    recognitions = [make_recognition(run, make_video(team=team), batch=batch, taken_over_at=None) for _ in range(3)]
    answer = decide(client, batch, "discard", recognitions[0])
    decide(client, batch, "apply_all")
    assert [current(recognition.video) for recognition in recognitions] == [None, *recognitions[1:]]
    undo = answer["undo"]
    assert isinstance(undo, dict)
    client.post(undo["url"], undo["fields"])
    recognitions[0].refresh_from_db()
    assert recognitions[0].is_waiting
    decide(client, batch, "discard_all")
    recognitions[0].refresh_from_db()
    assert recognitions[0].discarded_at is not None
    for act, chosen in (("apply", []), ("nonsense", recognitions), ("apply", recognitions)):
        assert "error" in decide(client, batch, act, *chosen)


def test_later_labels_are_not_undone(team: Team) -> None:
    run, video = promote(make_model_run(team=team)), make_video(team=team)
    first, second, third = (make_recognition(run, video, taken_over_at=None) for _ in range(3))
    assert batches.apply(first) and batches.apply(second)
    second.refresh_from_db()
    assert batches.apply(third)
    assert not batches.undo_apply(second)
    assert not batches.apply(first), "it is not waiting any more"
    assert current(video) == third
    third.refresh_from_db()
    assert batches.undo_apply(third)
    assert current(video) == second


def test_on_which_videos_a_model_can_run(team: Team, bob: User) -> None:
    run: TrainingRun = promote(make_model_run(team=team))
    seen, fresh, unchecked = make_video(team=team), make_video(team=team), make_video(team=team, sha256="")
    make_recognition(run, seen)
    every = Video.objects.all()
    assert set(recognition_services.recognisable(run, every)) == {seen, fresh}
    assert set(recognition_services.not_labelled_by(run, recognition_services.recognisable(run, every))) == {fresh}
    assert not recognition_services.can_recognise(run, unchecked)
    begin(signed_in(bob), run=run.pk, which="without")
    assert {recognition.video for recognition in Recognition.objects.filter(batch__isnull=False)} == {fresh}
    faces = make_model_run(team=team, kind="faces", folder=stripes_model())
    assert not recognition_services.recognisable(faces, every).exists()


def test_a_batch_can_be_stopped(team: Team, bob: User) -> None:
    run = promote(make_model_run(team=team))
    for _ in range(2):
        make_video(team=team)
    client = signed_in(bob)
    batch = begin(client, run=run.pk, which="all")
    assert "Stopped" in str(decide(client, batch, "stop")["toast"])
    assert set(Recognition.objects.filter(batch=batch).values_list("job__status", flat=True)) == {"cancelled"}
    assert "error" in decide(client, batch, "stop")


def test_without_a_chosen_video_nothing_starts_and_one_stays_on_the_page(team: Team, bob: User) -> None:
    run = promote(make_model_run(team=team))
    make_video(team=team)
    answer = signed_in(bob).post(reverse("recognition:begin"), {"run": run.pk, "which": "chosen"}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("recognition:apply", args=[run.pk])
    assert "No videos selected" in answer.content.decode()


def test_without_a_deployed_model_nothing_starts(team: Team, bob: User) -> None:
    video = make_video(team=team)
    run = make_model_run(team=team)
    for fields in ({"video": str(video.pk)}, {"run": str(run.pk), "video": str(video.pk)}):
        answer = signed_in(bob).post(reverse("recognition:begin"), fields, headers={"Accept": "application/json"})
        assert answer.status_code == 409
