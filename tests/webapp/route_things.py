"""Two teams with one of everything that stands in addresses, bodies and query strings, for `test_every_route.py`.

Everything that a team's pages could show bears the team's word, so that a leak is seen in any answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils import timezone

from tests.factories import make_invitation, make_job, make_team, make_user
from tests.factories_datasets import make_dataset, make_import, make_sample, picture
from tests.factories_exports import make_export
from tests.factories_recognition import make_recognition, promote
from tests.factories_sharing import make_share_link
from tests.factories_training import make_predictions, make_result, make_run
from tests.factories_videos import (
    begin_analysis,
    found_track,
    make_analysed_video,
    make_upload,
    make_video,
    people_of,
    unclear_track,
)
from webapp import storage
from webapp.accounts.models import EmailChange, Membership, Role, Team, TokenScope, User
from webapp.accounts.passwords import services as password_links
from webapp.accounts.tokens import services as tokens
from webapp.datasets.importing import services as importing
from webapp.datasets.labelling import services as labelling
from webapp.datasets.models import Checkup, Dataset, Finding, FindingKind, ImportProblem, Outcome, Sample, Source
from webapp.datasets.versions import services as versions
from webapp.digests import sha256_of
from webapp.jobs.models import JobKind, Status
from webapp.library.label_filter_queries import LabelKey
from webapp.library.tagging import services as tagging
from webapp.people.acts import services as acts
from webapp.people.introduction.models import Introduction, IntroductionState
from webapp.people.models import Person, Suggestion, Track
from webapp.recognition.models import Observation
from webapp.training.models import Explanation, TrainingRun
from webapp.training.registry.model_file_queries import DOWNLOADS
from webapp.videos.models import Video

HALVES = {"train": 0.5, "validation": 0.25, "test": 0.25}
LABELS = ("lie", "stand")
BOX_BESIDE = (300, 10, 360, 70)


@dataclass
class TeamThings:
    """A team, the word that all its names hold, who has which role, and ids by kind: what `@kind` stands for."""

    team: Team
    word: str
    users: dict[str, User]
    ids: dict[str, Any] = field(default_factory=dict)

    def named(self, what: str) -> str:
        return f"{self.word} {what}"


def make_things(word: str) -> TeamThings:
    """Commits: the real grouping of people needs several transactions."""
    team = make_team(f"{word} team")
    users = {role.value: make_user(f"{word}{role}".lower(), team=team, role=role) for role in Role}
    User.objects.filter(pk__in=[user.pk for user in users.values()]).update(name=f"{word} person")
    things = TeamThings(team, word, users)
    of_videos = (_add_videos, _add_people, _add_exports, _add_share_links)
    for add in (_add_members, *of_videos, _add_datasets, _add_imports, _add_runs, _add_recognitions):
        things.ids |= {kind: _id_of(thing) for kind, thing in add(things).items()}
    return things


def _id_of(thing: Any) -> Any:
    return getattr(thing, "pk", thing)


def _add_members(things: TeamThings) -> dict[str, Any]:
    member = make_user(f"{things.word}member".lower(), team=things.team, role=Role.VIEWER)
    another = make_user(f"{things.word}second".lower(), team=things.team, role=Role.OWNER)
    inactive = make_user(f"{things.word}inactive".lower(), team=things.team, role=Role.VIEWER)
    User.objects.filter(pk__in=[member.pk, another.pk, inactive.pk]).update(name=things.named("member"))
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    editor, admin = things.users["editor"], things.users["admin"]
    token = uuid4().hex
    member.picture_key = f"accounts/{member.pk}.jpg"
    member.save()
    storage.put_bytes(member.picture_key, b"picture")
    change = {"email": f"{things.word}new@example.org", "expires_at": timezone.now() + timedelta(hours=1)}
    EmailChange.objects.create(user=editor, token_hash=sha256_of(token), **change)
    return {
        "team": things.team,
        "user": member,
        "membership": Membership.objects.get(user=member),
        "inactive membership": Membership.objects.get(user=inactive),
        "invitation": make_invitation(things.team, token, note=things.named("guest"), created_by=things.users["owner"]),
        "token": token,
        "password token": password_links.make_link_for(member, by=things.users["owner"]),
        "mailed invitation": make_invitation(things.team, email=f"{things.word}@example.org", created_by=admin),
        "e-mail token": token,
        "app": Authenticator.objects.create(user=admin, type=Authenticator.Type.TOTP, data={"secret": "x"}),
        "passkey": Authenticator.objects.create(user=member, type=Authenticator.Type.WEBAUTHN, data={}),
        "device": UserSession.objects.create(
            user=editor, session_key=token[:30], ip="127.0.0.1", user_agent=things.word
        ),
        "access token": tokens.make_token(things.team, TokenScope.WRITE, name=things.named("token"), days=1, by=editor)[
            0
        ],
        "job": make_job(team=things.team),
    }


def _add_videos(things: TeamThings) -> dict[str, Any]:
    team, owner, now = things.team, things.users["owner"], timezone.now()
    tracks = [
        found_track(1, start_s=1, end_s=3),
        found_track(1, start_s=11, end_s=13),
        found_track(2, start_s=1, end_s=3, box=BOX_BESIDE),
    ]
    unclear = [unclear_track(5, start_s=30, end_s=32), unclear_track(6, start_s=40, end_s=42)]
    video = _named(make_analysed_video(*tracks, *unclear, team=team, user=owner), things, "video")
    for key in ("poster_key", "sprites_key"):
        setattr(video, key, f"{video.files_prefix}/{key}.jpg")
        storage.put_bytes(getattr(video, key), b"picture")
    video.sprites = {"columns": 10, "rows": 1, "tile_width": 160, "tile_height": 90, "interval_s": 1.0}
    video.save()
    others = [found_track(3), found_track(4, box=BOX_BESIDE), found_track(7, start_s=20, end_s=22)]
    other = _named(make_analysed_video(*others, team=team, user=owner), things, "other video")
    at_work = _named(make_video(team=team, user=owner), things, "video at work")
    begin_analysis(at_work)
    deleted = _named(make_video(team=team, user=owner, deleted_at=now), things, "deleted video")
    upload = make_upload(things.users["editor"], team=team, name=f"{things.word} upload.mp4")
    videos = {"video": video, "other video": other, "video at work": at_work, "deleted video": deleted}
    return videos | _tags(things, video) | {"upload": upload}


def _tags(things: TeamThings, video: Video) -> dict[str, Any]:
    tag, other, deleted = (
        tagging.tag_called(things.team, things.named(f"{which}tag")) for which in ("", "other ", "old ")
    )
    tagging.put_on(tag, [video.pk])
    tagging.delete_tag(deleted, user=things.users["owner"])
    return {"tag": tag, "other tag name": other.name, "deleted tag": deleted}


def _named(video: Video, things: TeamThings, what: str) -> Video:
    Video.objects.filter(pk=video.pk).update(title=things.named(what), file_name=things.named(f"{what}.mp4"))
    video.refresh_from_db()
    return video


def _add_people(things: TeamThings) -> dict[str, Any]:
    team, owner = things.team, things.users["owner"]
    video, other = (Video.objects.get(pk=things.ids[kind]) for kind in ("video", "other video"))
    for person in Person.objects.filter(team=team):
        acts.name_person(person, name=things.named(f"face {person.number}"), user=owner)
    first, second = people_of(video)
    source, target, third = people_of(other)
    merge = acts.merge_people(source, target=target, user=owner)
    hidden = acts.show_and_hide(team=team, show=[], hide=[third.pk], user=owner)[0]
    nobodys = Track.objects.filter(analysis=video.current_analysis, person=None, joined_to=None).order_by("start_s")
    unclear, given = nobodys
    acts.give_unclear_faces(team, track_ids=[given.pk], target=second, user=owner)
    introduction = Introduction.objects.create(
        team=team,
        embedder=things.named("model"),
        before="old",
        state=IntroductionState.READY,
        created_by=owner,
        summary={"changed": 1, "appearances": 3, "people_before": 2, "people_after": 2},
    )
    return {
        "person": first,
        "other person": second,
        "merged person": source,
        "face": first.portrait_id,
        "track": Track.objects.filter(person=first, joined_to=None).order_by("start_s")[0],
        "unclear track": unclear,
        "given track": given,
        "merge": merge,
        "hiding": hidden,
        "suggestion": Suggestion.objects.create(team=team, first=second, second=target, likeness=0.5),
        "introduction": introduction,
    }


def _add_datasets(things: TeamThings) -> dict[str, Any]:
    team, owner = things.team, things.users["owner"]
    dataset = make_dataset(team, name=things.named("dataset"), labels=[things.named("spare"), *LABELS], purpose="x")
    usual = {"name": things.named("sample.jpg"), "source_name": things.named("source"), "video_id": things.ids["video"]}
    samples = [make_sample(dataset, label=LABELS[n % 2], **usual) for n in range(6)]
    first = versions.freeze(dataset, user=owner, shares=HALVES, note=things.named("note"))
    label = dataset.labels.get(name=LABELS[0])
    act = labelling.label_samples(dataset, user=owner, label=label, seen={samples[1].number: 0}).act
    second = versions.freeze(dataset, user=owner, shares=HALVES, note=things.named("note"))
    deleted = versions.freeze(dataset, user=owner, shares=HALVES)
    versions.delete_version(deleted, user=owner)
    finding, mended = _findings(dataset, samples)
    return {
        "dataset": dataset,
        "faces dataset": make_dataset(team, name=things.named("faces"), kind="faces"),
        "deleted dataset": make_dataset(team, name=things.named("deleted dataset"), deleted_at=timezone.now()),
        "label": label,
        "spare label": dataset.labels.get(name=things.named("spare")),
        "sample number": samples[0].number,
        "version": second,
        "version number": second.number,
        "other version number": first.number,
        "deleted version number": deleted.number,
        "act": act,
        "finding": finding,
        "mended finding": mended,
    }


def _findings(dataset: Dataset, samples: list[Sample]) -> tuple[Finding, Finding]:
    job = make_job(
        team=dataset.team, kind=JobKind.CHECKUP, subject_id=dataset.pk, status=Status.DONE, finished_at=timezone.now()
    )
    checkup = Checkup.objects.create(dataset=dataset, job=job, samples_seen=len(samples))
    finding, mended = (
        Finding.objects.create(checkup=checkup, kind=FindingKind.DARK, samples=[[sample.number, 0.9, None]])
        for sample in samples[2:4]
    )
    made = labelling.exclude_samples(dataset, user=None, seen={samples[3].number: 0}, excluded=True)
    assert made.act is not None
    mended.acts.add(made.act)
    return finding, mended


def _add_imports(things: TeamThings) -> dict[str, Any]:
    dataset, admin = Dataset.objects.get(pk=things.ids["dataset"]), things.users["admin"]
    done = dataset.imports.get()
    done.job = make_job(team=things.team, kind=JobKind.IMPORT, status=Status.DONE, finished_at=timezone.now())
    done.title = things.named("holiday.zip")
    done.save()
    ImportProblem.objects.create(of_import=done, item=1, name=things.named("broken.jpg"), outcome=Outcome.values[-1])
    pictures = make_import(dataset, title=things.named("pictures"), created_by=admin)
    importing.receive_batch(pictures, user=admin, number=0, files=[("a.jpg", BytesIO(picture()))])
    archive = make_import(dataset, source=Source.ARCHIVE, title=things.named("archive"), created_by=admin)
    upload = importing.start_upload(archive, user=admin, name=things.named("archive.zip"), size_bytes=100)
    return {"import": done, "pictures import": pictures, "archive import": archive, "import upload": upload}


def _add_runs(things: TeamThings) -> dict[str, Any]:
    dataset = Dataset.objects.get(pk=things.ids["dataset"])
    usual: dict[str, Any] = {"dataset": dataset, "note": things.named("note"), "created_by": things.users["owner"]}
    make: Callable[..., TrainingRun] = lambda **fields: make_run(**usual, **fields)  # noqa: E731
    result = make_result(labels=LABELS)
    older, run, deployed = make(result=result), make(result=result), make(result=result)
    samples = list(dataset.samples.order_by("number"))
    for each in (older, run, deployed):
        make_predictions(each, samples, wrong=(0,))
        _store_model(each)
    promote(run)
    promote(deployed)
    explained = make_job(team=things.team, kind=JobKind.EXPLAIN, status=Status.DONE, finished_at=timezone.now())
    look = Explanation.objects.create(run=run, sample=samples[0], job=explained, result={"said": LABELS[0]})
    tried = Explanation.objects.create(
        run=run,
        created_by=things.users["editor"],
        file_key=f"{run.files_prefix}/looks/tried/picture",
        file_name=things.named("tried.jpg"),
        expires_at=timezone.now() + timedelta(days=1),
    )
    for explanation in (look, tried):
        folder = f"{run.files_prefix}/looks/{explanation.pk}"
        for name in ("picture.jpg", "heat.png"):
            storage.put_bytes(f"{folder}/{name}", b"picture")
        Explanation.objects.filter(pk=explanation.pk).update(heat_key=f"{folder}/heat.png")
    return {
        "run": run,
        "older run": older,
        "deployed run": deployed,
        "running run": make(status=Status.RUNNING),
        "paused run": make(status=Status.CANCELLED, paused_at=timezone.now()),
        "deleted run": make(result=result, deleted_at=timezone.now()),
        "explanation": look,
        "tried": tried,
        "label key": str(LabelKey(run.line, LABELS[0])),
    }


def _store_model(run: TrainingRun) -> None:
    for name in DOWNLOADS:
        storage.put_bytes(f"{run.files_prefix}/{name}", name.encode())
        run.files[name] = sha256(name.encode()).hexdigest()
    run.save()


def _add_recognitions(things: TeamThings) -> dict[str, Any]:
    run = TrainingRun.objects.get(pk=things.ids["deployed run"])
    video, other = (Video.objects.get(pk=things.ids[kind]) for kind in ("video", "other video"))
    made = make_recognition(run, video, uncertain=[1.0, 4.0])
    batch = uuid4()
    waiting = make_recognition(run, other, batch=batch, taken_over_at=None)
    job = make_job(team=things.team, kind=JobKind.RECOGNISE, status=Status.FAILED, finished_at=timezone.now())
    failed = make_recognition(run, video, ended_at=None, taken_over_at=None, job=job, spans=())
    applied = make_recognition(run, other, batch=uuid4())
    moments = Observation.objects.filter(recognition=made).order_by("pk")
    return {
        "recognition": waiting,
        "failed recognition": failed,
        "applied recognition": applied,
        "batch": batch,
        "applied batch": applied.batch,
        "moment": moments[0],
    }


def _add_exports(things: TeamThings) -> dict[str, Any]:
    video, person = Video.objects.get(pk=things.ids["video"]), Person.objects.get(pk=things.ids["person"])
    at_work = make_job(team=things.team, kind=JobKind.EXPORT)
    made = {"export": make_export(video, title=things.named("clip"))}
    made["export at work"] = make_export(video, title=things.named("reel"), job=at_work)
    for export in made.values():
        export.people.add(person)
    return made


def _add_share_links(things: TeamThings) -> dict[str, Any]:
    video, token = Video.objects.get(pk=things.ids["video"]), uuid4().hex
    link = make_share_link(video, things.users["editor"], token, may_download=True, title="Shown")
    return {"share link": link, "share token": token}
