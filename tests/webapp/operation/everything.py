"""One file of every kind that a row can name, each with its row, and what is on its way."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from analysis.weights import sha256_of
from tests.factories import make_job, make_user
from tests.factories_datasets import make_dataset, make_import, make_sample, picture
from tests.factories_exports import make_export
from tests.factories_recognition import make_model_run, make_recognition
from tests.factories_videos import JPEG, found_track, make_analysed_video, make_ended_job
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.datasets.importing import inbox
from webapp.datasets.models import ImportUpload, Sample
from webapp.exports.models import Export
from webapp.jobs import store_mark_services
from webapp.jobs.models import JobKind, StoreMark
from webapp.people.models import Face
from webapp.recognition.models import Observation
from webapp.training.explanations import services as explanations
from webapp.training.models import Explanation, TrainingRun
from webapp.uploads import partial_files
from webapp.videos.models import Playback, Upload, Video
from webapp.videos.upload_services import start_upload

MP4 = b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x0cmdatfilm"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xaeB`\x82"


@dataclass(frozen=True, slots=True)
class Everything:
    team: Team
    user: User
    video: Video
    sample: Sample
    export: Export
    run: TrainingRun
    explanation: Explanation
    moment: Observation
    arrived: ImportUpload
    upload: Upload

    def key(self, rule: str) -> str:
        """Returns the key of the file of a rule."""
        model, _, column = rule.rpartition(".")
        rows: dict[str, Any] = {
            "accounts.User": self.user,
            "videos.Video": self.video,
            "people.Face": Face.objects.filter(analysis__video=self.video).first(),
            "datasets.Sample": self.sample,
            "recognition.Observation": self.moment,
            "training.Explanation": self.explanation,
            "exports.Export": self.export,
        }
        if rule == "training.TrainingRun.files":
            return f"{self.run.files_prefix}/model.onnx"
        if rule == "jobs.StoreMark.value":
            return StoreMark.KEY
        if rule == "datasets.ImportUpload.is_stored":
            return inbox.file_key(self.arrived.of_import, self.arrived.pk)
        return str(getattr(rows[model], column))


def make_everything(team: Team) -> Everything:
    store_mark_services.mark_new()
    user = make_user(team=team)
    user.picture_key = _put(f"accounts/{user.pk}/1.jpg", JPEG)
    user.save()
    video = _video(team)
    dataset = make_dataset(team)
    sample = make_sample(dataset)
    sample.size_bytes = storage.size(sample.key)
    sample.thumbnail_key = _put(sample.key.replace(".jpg", ".thumbnail.jpg"), picture(1))
    sample.save()
    run = make_model_run(team=team, dataset=dataset)
    run.files = {name: _sha256_of_stored(run, name) for name in ("model.onnx", "run.json")}
    run.save()
    explanation = Explanation.objects.create(run=run, sample=sample, result={"said": "lie"})
    explanation.heat_key = _put(f"{explanations.files_prefix(explanation)}/heat.png", PNG)
    explanation.file_key = _put(f"{explanations.files_prefix(explanation)}/picture", JPEG)
    explanation.expires_at = timezone.now() + timedelta(hours=1)
    explanation.save()
    _put(f"{explanations.files_prefix(explanation)}/picture.jpg", JPEG)
    recognition = make_recognition(run, video, uncertain=[1.0])
    return Everything(
        team,
        user,
        video,
        sample,
        make_export(video),
        run,
        explanation,
        recognition.observations.get(),
        _arrived(dataset, user),
        _upload(team, user),
    )


def _put(key: str, content: bytes) -> str:
    storage.put_bytes(key, content)
    return key


def _video(team: Team) -> Video:
    video = make_analysed_video(found_track(), team=team)
    video.current_job, prefix = make_ended_job(video), video.files_prefix
    video.copy_key, video.playback = _put(f"{prefix}/web.mp4", MP4), Playback.COPY
    video.poster_key = _put(f"{prefix}/poster.jpg", JPEG)
    video.sprites_key = _put(f"{prefix}/sprites.jpg", JPEG)
    video.size_bytes = storage.size(video.original_key)
    video.save()
    return video


def _sha256_of_stored(run: TrainingRun, name: str) -> str:
    with storage.local_path(_put(f"{run.files_prefix}/{name}", name.encode())) as path:
        return sha256_of(path)


def _arrived(dataset: Any, user: User) -> ImportUpload:
    of_import = make_import(dataset)
    of_import.job = make_job(team=dataset.team, kind=JobKind.IMPORT, subject_id=dataset.pk)
    of_import.save()
    upload = ImportUpload.objects.create(
        of_import=of_import,
        user=user,
        name="a.zip",
        size_bytes=3,
        offset_bytes=3,
        is_stored=True,
        expires_at=timezone.now() + timedelta(days=1),
    )
    _put(inbox.file_key(of_import, upload.pk), b"zip")
    _put(f"{of_import.inbox_prefix}/plan.json", b"{}")
    return upload


def _upload(team: Team, user: User) -> Upload:
    """Half of it has arrived."""
    upload = start_upload(team=team, user=user, name="a.mp4", size_bytes=20, thoroughness="fast")
    with partial_files.opened(upload.pk) as file:
        partial_files.write(file, b"ten bytes.")
    Upload.objects.filter(pk=upload.pk).update(offset_bytes=10)
    upload.refresh_from_db()
    return upload
