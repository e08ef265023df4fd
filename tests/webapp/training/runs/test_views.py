"""Pages about training: who may see and start what, what they say, and that nothing grows with the number of runs."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_user
from tests.present import present
from tests.webapp.page_checks import faults_of
from tests.webapp.training.trainings import make_version, start_run
from webapp.accounts.models import Role, Team, User
from webapp.datasets.models import Version
from webapp.jobs import lifecycle
from webapp.jobs import words as jobs_words
from webapp.jobs.models import Job, JobKind
from webapp.training import cleanup as training_cleanup
from webapp.training.models import Promotion, RequestedAction, RunState, TrainingRun
from webapp.training.runs import services
from webapp.undo_period import UNDO_PERIOD

pytestmark = pytest.mark.django_db

HISTORY = [
    {
        "epoch": n,
        "train_loss": 1 / n,
        "validation_loss": abs(n - 3) / 10 + 0.2,
        "train_accuracy": 0.9,
        "validation_accuracy": 0.6 + (n == 3) / 10,
    }
    for n in range(1, 8)
]


@pytest.fixture
def version(team: Team) -> Version:
    return make_version(team, count=48)


@pytest.fixture
def run(version: Version, alice: User) -> TrainingRun:
    return start_run(version, alice)


def learning(run: TrainingRun, **fields: Any) -> TrainingRun:
    """As its worker leaves the row in the middle of the eighth epoch."""
    job = lifecycle.claim(present(run.job_id))
    assert job is not None
    lifecycle.report(job, "learn", 7.5, 20)
    moment = {"stage": "learn", "epoch": 8, "epochs": 20, "device": "cpu", "pictures_per_s": 251.4, "batch_size": 32}
    TrainingRun.objects.filter(pk=run.pk).update(**({"moment": moment, "history": HISTORY} | fields))
    return TrainingRun.objects.select_related("job").get(pk=run.pk)


def html_of(user: User, address: str) -> str:
    response = signed_in(user).get(address)
    assert response.status_code == 200, response
    html = response.content.decode()
    assert faults_of(html) == []
    return html


def page_of(run: TrainingRun) -> str:
    return reverse("training:run", args=[run.pk])


def test_an_admin_sees_three_steps_and_starts_a_training(version: Version, alice: User) -> None:
    address = reverse("training:new", args=[version.pk])
    html = html_of(alice, address)
    assert "disabled" not in html[html.index('class="step-foot"') : html.index("step-try")]
    answer = signed_in(alice).post(
        address, {"recipe": "tutorial", "epochs": "7", "class_weights": "yes", "note": "First"}
    )
    run = TrainingRun.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == page_of(run)
    assert (run.number, run.recipe, run.note, run.trials) == (1, "tutorial", "First", 0)
    assert (run.config["epochs"], run.config["class_weights"], run.config["batch_size"]) == (7, True, 32)
    assert run.state == RunState.WAITING
    assert run.job is not None
    assert run.job.subject_id == run.pk


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"recipe": "tutorial", "epochs": "0"}, "epochs"),
        ({"recipe": "tutorial", "learning_rate": "nan"}, "learning_rate"),
        ({"recipe": "finetune", "head_epochs": "9", "epochs": "3"}, "head_epochs"),
        ({"recipe": "tutorial", "loss": "magic"}, "loss"),
        ({"recipe": "tutorial", "trials": "9999"}, "trials"),
        ({"recipe": "sequence"}, "recipe"),
        ({"recipe": "nonsense"}, "recipe"),
        ({}, "recipe"),
    ],
)
def test_odd_settings_are_refused_in_place(fields: dict[str, str], name: str, version: Version, alice: User) -> None:
    answer = signed_in(alice).post(reverse("training:new", args=[version.pk]), fields)
    assert answer.status_code == 400
    assert name in answer.context["form"].errors
    assert faults_of(answer.content.decode()) == []
    assert not TrainingRun.objects.exists()


def test_the_button_says_why_it_is_disabled(team: Team, alice: User) -> None:
    version = make_version(team, count=48)
    version.statistics["labels"]["glasses"] = {"train": 3, "validation": 1, "test": 0}
    del version.statistics["labels"]["lie"]
    version.save()
    address = reverse("training:new", args=[version.pk])
    html = html_of(alice, address)
    sentence = "At least two labels need 10 or more pictures each. “glasses” has 4."
    assert html.count(sentence) == 2, "as text and as a tooltip"
    assert signed_in(alice).post(address, {"recipe": "auto"}).status_code == 303
    assert not TrainingRun.objects.exists()


def test_the_settings_of_a_run_come_back(version: Version, alice: User) -> None:
    run = start_run(version, alice, epochs=12, dropout=0.3, trials=4)
    html = html_of(alice, reverse("training:new", args=[version.pk]) + f"?from={run.pk}")
    assert 'name="epochs" value="12"' in html
    assert 'name="dropout" value="0.3"' in html
    assert 'name="trials" value="4"' in html
    assert 'value="tutorial" checked' in html


@pytest.mark.parametrize(
    ("who", "status"), [("alice", 200), ("bob", 404), ("vera", 404), ("charlie", 404), (None, 302)]
)
def test_only_admins_start_trainings(
    who: str | None, status: int, version: Version, request: pytest.FixtureRequest, client: Any
) -> None:
    visitor = signed_in(request.getfixturevalue(who)) if who else client
    address = reverse("training:new", args=[version.pk])
    assert visitor.get(address).status_code == status
    if status != 200:
        assert visitor.post(address, {"recipe": "auto"}).status_code == status
        assert not TrainingRun.objects.exists()


def test_buttons_do_what_they_say(run: TrainingRun, alice: User) -> None:
    client = signed_in(alice)

    def press(button: str) -> TrainingRun:
        assert client.post(reverse(f"training:{button}", args=[run.pk])).status_code == 303
        return TrainingRun.objects.select_related("job").get(pk=run.pk)

    learning(run)
    assert press("keep").wish == RequestedAction.KEEP
    assert press("pause").state == RunState.PAUSED
    again = press("go_on")
    assert again.state == RunState.WAITING
    assert again.wish == RequestedAction.NOTHING
    assert press("cancel").state == RunState.CANCELLED
    assert press("go_on").state == RunState.CANCELLED
    assert press("delete").deleted_at is not None
    assert client.get(page_of(run)).status_code == 404
    assert press("restore").deleted_at is None


def test_a_deleted_run_goes_for_good_after_the_undo_period(run: TrainingRun, alice: User) -> None:
    services.delete_run(run)
    assert TrainingRun.objects.select_related("job").get(pk=run.pk).state == RunState.PAUSED, "it could go on"
    training_cleanup.clean_up()
    assert TrainingRun.objects.exists()
    TrainingRun.objects.update(deleted_at=timezone.now() - 2 * UNDO_PERIOD)
    training_cleanup.clean_up()
    assert not TrainingRun.objects.exists()
    assert not Job.objects.filter(subject_id=run.pk).exists()
    assert start_run(Version.objects.get(), alice).number == 2, "a number is never used again"


def test_a_deployed_model_is_not_deleted(run: TrainingRun, alice: User) -> None:
    Promotion.objects.create(team=run.team, line=run.line, run=run)
    answer = signed_in(alice).post(reverse("training:delete", args=[run.pk]), headers={"accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json()["error"]
    Promotion.objects.create(team=run.team, line=run.line, run=None)
    services.delete_run(run)


def test_the_page_of_a_run_says_what_is_going_on(run: TrainingRun, alice: User, vera: User) -> None:
    waiting = html_of(alice, page_of(run))
    assert "as soon as the server is free" in waiting
    learning(run, config=run.config | {"patience": 7})
    html = html_of(alice, page_of(run))
    assert "No improvement for 4 epochs. Stops after 3 more." in html
    assert "Overfitting" in html
    for words in ("8 of up to 20", "251 pictures/s", "CPU", reverse("training:keep", args=[run.pk]), ">70 %<"):
        assert words in html, words
    assert html.count("<tr") >= len(HISTORY)
    assert reverse("training:pause", args=[run.pk]) in html
    assert reverse("training:pause", args=[run.pk]) not in html_of(vera, page_of(run))


def test_a_halved_batch_is_said(run: TrainingRun, alice: User) -> None:
    learning(run, moment={"stage": "learn", "epoch": 2, "epochs": 3, "batch_size": 8})
    assert "8 instead of 32" in html_of(alice, page_of(run))


def test_paused_failed_and_cancelled_runs_have_words(run: TrainingRun, alice: User) -> None:
    learning(run)
    services.pause_run(run)
    assert "Paused after epoch 7." in html_of(alice, page_of(run))
    assert services.resume_run(TrainingRun.objects.get(pk=run.pk), user=alice)
    job = lifecycle.claim(present(TrainingRun.objects.get(pk=run.pk).job_id))
    assert job is not None
    lifecycle.fail(job, "training_diverged")
    failed = html_of(alice, page_of(run))
    assert str(jobs_words.explain("training_diverged", JobKind.TRAIN).happened) in failed
    assert re.search(r"Try again\s*</button>", failed)
    Job.objects.filter(pk=job.pk).update(error_code="crashed")
    assert str(jobs_words.explain("crashed", JobKind.TRAIN).happened) in html_of(alice, page_of(run))
    Job.objects.filter(pk=job.pk).update(error_code="disk_full")
    full = html_of(alice, page_of(run))
    assert str(jobs_words.explain("disk_full", JobKind.TRAIN).happened) in full
    assert not re.search(r"Try again\s*</button>", full), "the button says that it goes on"


def test_a_pause_says_which_epoch_is_learned_again(run: TrainingRun, alice: User) -> None:
    learning(run, moment={"stage": "learn", "epoch": 8, "epochs": 10})
    assert "The current epoch starts over" in html_of(alice, page_of(run))
    services.pause_run(run)
    assert "Epoch 8 will start over." in html_of(alice, page_of(run))
    TrainingRun.objects.filter(pk=run.pk).update(moment={"stage": "learn", "epoch": 7, "epochs": 10})
    assert "will start over" not in html_of(alice, page_of(run))
    TrainingRun.objects.filter(pk=run.pk).update(moment={"stage": "tune", "done": 2.3}, trials=9)
    assert "Paused during trial 3." in html_of(alice, page_of(run))


def test_a_search_is_shown_as_a_table(run: TrainingRun, alice: User) -> None:
    trials = [
        {"number": 0, "state": "COMPLETE", "loss": 0.5, "settings": {"learning_rate": 0.01, "optimizer": "adamw"}},
        {"number": 1, "state": "PRUNED", "loss": None, "settings": {"learning_rate": 0.0001}},
        {"number": 2, "state": "COMPLETE", "loss": 0.25, "settings": {"augmentation": "light"}},
    ]
    moment = {"stage": "tune", "done": 3.2, "total": 9}
    learning(run, history=[], trials=9, moment=moment, search={"best_loss": 0.25, "all": trials, "spent_s": 184.2})
    html = html_of(alice, page_of(run))
    assert "3 of 10 minutes used" in html
    assert "Trial 4 of up to 9" in html
    assert html.index("Random changes Light") < html.index("Optimiser AdamW") < html.index("stopped early")
    assert reverse("training:keep", args=[run.pk]) in html


def test_what_a_label_or_dataset_is_called_is_never_markup(team: Team, alice: User) -> None:
    version = make_version(team, count=24, name="<script>alert(1)</script>")
    run = start_run(version, alice)
    for address in (page_of(run), reverse("training:list"), reverse("training:new", args=[version.pk])):
        assert "<script>alert" not in html_of(alice, address)


def test_a_run_outlives_its_dataset(run: TrainingRun, version: Version, alice: User) -> None:
    learning(run)
    version.samples.all().delete()
    version.dataset.samples.all().delete()
    version.dataset.delete()
    assert "(deleted)" in html_of(alice, page_of(run))
    assert "Stripes" in html_of(alice, reverse("training:list"))


def test_the_number_of_queries_does_not_grow_with_the_runs(version: Version, alice: User) -> None:
    client = signed_in(alice)
    addresses = [reverse("training:list"), reverse("training:new", args=[version.pk])]

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as counted:
            assert client.get(address).status_code == 200
        return len(counted)

    start_run(version, alice)
    few = [queries(address) for address in addresses]
    runs = [start_run(version, alice) for _ in range(6)]
    services.pause_run(runs[0])
    learning(runs[1])
    assert [queries(address) for address in addresses] == few


def test_the_tab_of_a_dataset_leads_where_one_may_go(version: Version, alice: User, vera: User, charlie: User) -> None:
    address = reverse("training:of_dataset", args=[version.dataset_id])
    assert signed_in(alice).get(address)["Location"] == reverse("training:new", args=[version.pk])
    assert signed_in(vera).get(address)["Location"].startswith(reverse("training:list"))
    assert signed_in(charlie).get(address).status_code == 404
    Version.objects.update(deleted_at=timezone.now())
    assert "Create a version first" in html_of(alice, address)
    assert "No versions yet" in html_of(alice, reverse("training:choose"))
    assert signed_in(vera).get(reverse("training:choose")).status_code == 404


class TestManyTrainings:
    """At most so many of a person and of a team wait or run."""

    def ask(self, user: User, version: Version) -> Any:
        address = reverse("training:new", args=[version.pk])
        return signed_in(user).post(address, {"recipe": "tutorial"}, headers={"Accept": "application/json"})

    def test_one_too_many_of_a_person_is_refused_in_words(self, version: Version, alice: User, settings: Any) -> None:
        settings.TRAININGS_PER_PERSON = 2
        answers = [self.ask(alice, version) for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert answers[2].json()["error"] == (
            "2 of your trainings are waiting or running, which is the limit. "
            "Wait until one is done, or pause or cancel one."
        )
        services.pause_run(TrainingRun.objects.select_related("job")[0])
        assert self.ask(alice, version).status_code == 200
        paused = TrainingRun.objects.get(paused_at__isnull=False)
        answer = signed_in(alice).post(reverse("training:go_on", args=[paused.pk]), follow=True)
        assert "which is the limit" in answer.content.decode()
        assert TrainingRun.objects.filter(paused_at__isnull=False).exists()

    def test_the_team_has_a_limit_of_its_own(self, version: Version, team: Team, alice: User, settings: Any) -> None:
        settings.TRAININGS_PER_TEAM = 1
        assert self.ask(make_user(team=team, role=Role.ADMIN), version).status_code == 200
        answer = self.ask(alice, version)
        assert (answer.status_code, "of your team" in answer.json()["error"]) == (429, True)
        assert TrainingRun.objects.count() == 1
