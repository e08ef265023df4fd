"""Explanations of a really trained model: kept, shared where they may be, uploads gone after a day."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis.images.read import decode_picture
from tests.analysis.images.picture_files import claiming, made
from tests.analysis.training.pictures import stripes
from tests.clips import write_clip
from tests.conftest import signed_in
from tests.factories import make_team
from tests.factories_datasets import make_samples
from tests.factories_training import freeze_into
from tests.factories_videos import make_info, make_video
from tests.webapp.page_checks import faults_of
from tests.webapp.training.conftest import stripes_png
from tests.working import work_on
from webapp import storage
from webapp.accounts.models import Membership, Role, Team, User
from webapp.datasets.measuring import runner as measuring_runner
from webapp.datasets.models import Dataset, Measured, Part, Sample, Version
from webapp.jobs.models import Job, Status
from webapp.training.explanations import cleanup
from webapp.training.explanations import services as explanations
from webapp.training.models import Explanation, TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)


def ask(client: Client, run: TrainingRun, **fields: Any) -> Any:
    return client.post(
        reverse("training:ask_explanation", args=[run.pk]), fields, headers={"accept": "application/json"}
    )


def asked(client: Client, run: TrainingRun, **fields: Any) -> Explanation:
    """After the worker did it."""
    answer = ask(client, run, **fields)
    assert answer.status_code == 200
    explanation = Explanation.objects.latest("created_at")
    assert str(explanation.pk) in answer.json()["explanation"]
    worked(explanation)
    explanation.refresh_from_db()
    return explanation


def worked(explanation: Explanation) -> Job:
    assert explanation.job is not None
    work_on(explanation.job.pk)
    explanation.job.refresh_from_db()
    return explanation.job


def page(client: Client, run: TrainingRun, explanation: Explanation) -> str:
    html = client.get(reverse("training:explanation", args=[run.pk, explanation.pk])).content.decode()
    assert faults_of(html) == []
    return html


def test_a_sample_is_explained_once_and_kept(trained: TrainingRun, vera: User) -> None:
    client = signed_in(vera)
    explanation = asked(client, trained, sample=2)
    assert explanation.job is not None
    assert explanation.job.status == Status.DONE
    told = trained.held_out_predictions.get(sample__number=2)
    assert explanation.result["said"] == told.said, "as it was judged in training"
    assert list(explanation.result["scores"].values()) == pytest.approx(told.scores, abs=1e-3)
    assert sum(explanation.result["scores"].values()) == pytest.approx(1, abs=0.01)
    assert ask(client, trained, sample=2).json()["explanation"].split("/")[-3] == str(explanation.pk), (
        "the same answer again"
    )
    assert f"Its answer: “{told.said}”" in page(client, trained, explanation)
    for name, kind in (("picture.jpg", "image/jpeg"), ("heat.png", "image/png")):
        answer = client.get(reverse("training:explanation_file", args=[trained.pk, explanation.pk, name]))
        assert (answer.status_code, answer["Content-Type"]) == (200, kind)
    assert (
        client.get(reverse("training:explanation_file", args=[trained.pk, explanation.pk, "picture"])).status_code
        == 404
    )


def test_another_label_can_be_explained(trained: TrainingRun, vera: User) -> None:
    client = signed_in(vera)
    first = asked(client, trained, sample=2)
    other = asked(client, trained, again=first.pk, label="lie")
    assert (other.sample, other.result["towards"]) == (first.sample, "lie")
    assert other.result["scores"] == first.result["scores"]
    assert ask(client, trained, sample=2, label="sit").status_code == 404


def test_what_waits_says_so_and_what_failed_says_why(trained: TrainingRun, striped: Dataset, vera: User) -> None:
    client = signed_in(vera)
    [sample] = make_samples(striped, 1, contents=[b"nothing"])
    ask(client, trained, sample=sample.number)
    explanation = Explanation.objects.get()
    assert "data-waiting" in page(client, trained, explanation)
    assert worked(explanation).error_code == "unreadable_picture"
    html = page(client, trained, explanation)
    assert "data-waiting" not in html
    assert "cannot be read" in html
    ask(client, trained, sample=sample.number)
    assert Explanation.objects.count() == 2, "asking again tries again"


def test_a_changed_model_is_not_used(trained: TrainingRun, vera: User) -> None:
    key = f"{trained.files_prefix}/model.onnx"
    content = storage.read_bytes(key)
    storage.put_bytes(key, content[:-1] + bytes([content[-1] ^ 1]))
    assert ask(signed_in(vera), trained, sample=1).status_code == 200
    job = worked(Explanation.objects.get())
    assert (job.status, job.error_code) == (Status.FAILED, "damaged_model")


def test_the_most_similar_training_samples(trained: TrainingRun, striped: Dataset, vera: User) -> None:
    version = Version.objects.create(dataset=striped, number=1, fingerprint="f", keep_together="source", seed=0)
    samples = list(striped.samples.order_by("number"))
    freeze_into(version, samples[:10])
    freeze_into(version, samples[10:], Part.TEST)
    for sample in samples:
        image = measuring_runner.picture_of(sample)
        assert image is not None
        Measured.objects.bulk_create(measuring_runner._measured([sample]))
    TrainingRun.objects.filter(pk=trained.pk).update(version=version)
    explanation = asked(signed_in(vera), trained, sample=12)
    numbers = explanation.result["nearest"]
    assert len(numbers) == 6
    assert max(numbers) <= 10, "only what it learned from"
    labels = dict(striped.samples.values_list("number", "label__name"))
    assert [labels[n] for n in numbers].count("stand") >= 4
    assert "Most similar training samples" in page(signed_in(vera), trained, explanation)


def test_the_average_of_a_label(trained: TrainingRun, vera: User) -> None:
    explanation = asked(signed_in(vera), trained, average=1, label="stand")
    right = trained.held_out_predictions.filter(truth="stand", said="stand", sample__isnull=False).count()
    assert explanation.result["count"] == right > 0
    assert f"Average over {right} samples" in page(signed_in(vera), trained, explanation)
    assert ask(signed_in(vera), trained, average=1).status_code == 404


@pytest.fixture
def film(team: Team, tmp_path: Any) -> Any:
    """Two seconds of standing stripes."""
    path = tmp_path / "film.mp4"
    write_clip(path, [stripes(True, 5, 96) for _ in range(50)])
    from analysis.video.decode import probe

    return make_video(team=team, content=path.read_bytes(), info=probe(path))


def test_a_frame_of_a_video(trained: TrainingRun, film: Any, vera: User) -> None:
    client = signed_in(vera)
    explanation = asked(client, trained, video=film.pk, t="1.0")
    assert explanation.job is not None
    assert explanation.job.status == Status.DONE, explanation.job.error_detail
    assert film.title in page(client, trained, explanation)
    offered = client.get(reverse("training:explain", args=[trained.pk]), {"video": film.pk, "t": "1.0"})
    assert faults_of(offered.content.decode()) == []
    for odd in ("x", "-1", "nan", "99999"):
        assert ask(client, trained, video=film.pk, t=odd).status_code == 404
    foreign = make_video(info=make_info())
    assert ask(client, trained, video=foreign.pk, t="1").status_code == 404


def test_whoever_is_in_two_teams_cannot_carry_a_frame_from_one_into_the_other(trained: TrainingRun, vera: User) -> None:
    elsewhere = make_video(team=make_team("Elsewhere"), info=make_info())
    Membership.objects.create(team=elsewhere.team, user=vera, role=Role.VIEWER)
    client = signed_in(vera)
    assert client.get(reverse("videos:detail", args=[elsewhere.pk])).status_code == 200
    assert ask(client, trained, video=elsewhere.pk, t="1").status_code == 404
    offered = reverse("training:explain", args=[trained.pk])
    assert client.get(offered, {"video": str(elsewhere.pk), "t": "1"}).status_code == 404
    assert not Explanation.objects.exists()


def upload(client: Client, run: TrainingRun, content: bytes, name: str = "mine.png") -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return client.post(reverse("training:try", args=[run.pk]), {"file": SimpleUploadedFile(name, content)})


def test_trying_a_picture_without_javascript(trained: TrainingRun, bob: User) -> None:
    client = signed_in(bob)
    assert faults_of(client.get(reverse("training:try", args=[trained.pk])).content.decode()) == []
    answer = upload(client, trained, stripes_png(False, 77))
    explanation = Explanation.objects.get()
    assert (answer.status_code, answer["Location"]) == (
        303,
        reverse("training:explanation", args=[trained.pk, explanation.pk]),
    )
    worked(explanation)
    explanation.refresh_from_db()
    assert explanation.result["said"] == "lie"
    assert "mine.png" in page(client, trained, explanation)
    assert "Recently tried" in client.get(reverse("training:try", args=[trained.pk])).content.decode()


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_trying_a_picture_of_a_telephone(kind: str, trained: TrainingRun, bob: User) -> None:
    client = signed_in(bob)
    content = made(kind, decode_picture(stripes_png(False, 77), "stripes"), quality=95)
    assert upload(client, trained, content, "IMG_1.HEIC").status_code == 303
    look = Explanation.objects.get()
    assert worked(look).status == Status.DONE
    look.refresh_from_db()
    assert look.result["said"] == "lie"
    assert upload(client, trained, content[:-60], "IMG_2.HEIC").status_code == 303, "its header is sound"
    assert worked(Explanation.objects.latest("created_at")).error_code == "unreadable_picture"
    assert upload(client, trained, claiming(kind, 11_000, 11_000), "IMG_3.HEIC").status_code in (303, 400)
    assert ".heic" in client.get(reverse("training:try", args=[trained.pk])).content.decode()


def test_trying_a_short_clip(trained: TrainingRun, film: Any, bob: User) -> None:
    upload(signed_in(bob), trained, storage.read_bytes(film.original_key), "clip.mp4")
    assert worked(Explanation.objects.get()).status == Status.DONE
    upload(signed_in(bob), trained, b"no clip", "bad.mp4")
    job = worked(Explanation.objects.latest("created_at"))
    assert (job.status, job.error_code) == (Status.FAILED, "unreadable_video")


def test_what_is_no_picture_is_refused_at_once(trained: TrainingRun, bob: User) -> None:
    client = signed_in(bob)
    bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    for content in (b"hello", b"", bomb, b"\xff\xd8\xff" + b"x" * explanations.MOST_BYTES):
        assert upload(client, trained, content).status_code == 400
    assert client.post(reverse("training:try", args=[trained.pk])).status_code == 400
    assert not Explanation.objects.exists()
    assert not storage.exists(f"{trained.files_prefix}/looks")


def test_what_somebody_tried_is_theirs_and_goes_after_a_day(trained: TrainingRun, bob: User, alice: User) -> None:
    client = signed_in(bob)
    upload(client, trained, stripes_png(True, 78))
    explanation = Explanation.objects.get()
    worked(explanation)
    for view in ("explanation", "explanation_pictures", "explanation_answer"):
        address = reverse(f"training:{view}", args=[trained.pk, explanation.pk])
        assert signed_in(alice).get(address).status_code == 404
        assert client.get(address).status_code == 200
    address = reverse("training:explanation_file", args=[trained.pk, explanation.pk, "picture.jpg"])
    assert (client.get(address).status_code, signed_in(alice).get(address).status_code) == (200, 404)
    assert ask(signed_in(alice), trained, again=explanation.pk, label="lie").status_code == 404
    cleanup.clean_up()
    assert Explanation.objects.exists()
    Explanation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    cleanup.clean_up()
    assert not Explanation.objects.exists()
    assert storage.names(f"{trained.files_prefix}/looks") == []


def test_a_job_that_finds_nothing_ends_quietly(trained: TrainingRun, vera: User) -> None:
    ask(signed_in(vera), trained, sample=1)
    explanation = Explanation.objects.get()
    job = explanation.job
    assert job is not None
    explanation.delete()
    work_on(job.pk)
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


def test_no_more_wait_than_a_page_asks_for(trained: TrainingRun, vera: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanations, "MOST_WAITING", 2)
    client = signed_in(vera)
    assert [ask(client, trained, sample=n).status_code for n in (1, 2, 3, 2)] == [200, 200, 429, 200]


def test_who_may_ask_and_try(trained: TrainingRun, vera: User, charlie: User) -> None:
    assert ask(signed_in(charlie), trained, sample=1).status_code == 404
    assert ask(Client(), trained, sample=1).status_code == 302
    assert upload(signed_in(vera), trained, stripes_png(True, 1)).status_code == 404
    assert upload(signed_in(charlie), trained, stripes_png(True, 1)).status_code == 404
    explanation = asked(signed_in(vera), trained, sample=1)
    for view in ("explanation", "explanation_pictures", "explanation_answer"):
        assert signed_in(charlie).get(reverse(f"training:{view}", args=[trained.pk, explanation.pk])).status_code == 404
    assert Sample.objects.count() == 16
