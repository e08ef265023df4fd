"""Plain functions that make deployed runs with real small models, and videos to run them on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
from django.utils import timezone

from analysis.training.predict import load_model
from analysis.types import FoundTrack
from analysis.video.decode import probe
from analysis.weights import sha256_of
from tests.analysis.training.pictures import stripes
from tests.factories import make_job, make_team
from tests.factories_videos import make_video, work
from tests.trained import STRIPES, stripes_film, stripes_model
from webapp import storage
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset
from webapp.jobs.models import JobKind, Status
from webapp.recognition import runner
from webapp.recognition import services as recognition
from webapp.recognition.models import Observation, Recognition, Span
from webapp.training.models import Promotion, TrainingRun
from webapp.videos.models import Video


def make_model_run(
    *,
    team: Team | None = None,
    dataset: Dataset | None = None,
    kind: str = "frames",
    folder: Path | None = None,
    labels: Sequence[str] = STRIPES,
    **fields: Any,
) -> TrainingRun:
    """A done run with the files of a real model in the store; without a `folder` only its rows."""
    team = team or (dataset.team if dataset else make_team())
    line = fields.pop("line", None) or (dataset.pk if dataset else uuid4())
    latest = TrainingRun.objects.filter(line=line).order_by("-number").first()
    usual: dict[str, Any] = {
        "number": latest.number + 1 if latest else 1,
        "dataset": dataset,
        "dataset_name": dataset.name if dataset else "Stripes",
        "kind": dataset.kind if dataset else kind,
        "version_number": 1,
        "version_fingerprint": "f" * 64,
        "result": {"labels": list(labels)},
    }
    run = TrainingRun.objects.create(team=team, line=line, **(usual | fields))
    run.job = make_job(team=team, kind=JobKind.TRAIN, subject_id=run.pk, status=Status.DONE, finished_at=timezone.now())
    if folder is not None:
        for name in ("run.json", "model.onnx", "model.pt"):
            storage.put_bytes(f"{run.files_prefix}/{name}", (folder / name).read_bytes())
            run.files[name] = sha256_of(folder / name)
        run.result = load_model(folder).run
    run.save()
    return run


def promote(run: TrainingRun) -> TrainingRun:
    Promotion.objects.create(team=run.team, line=run.line, run=run)
    return run


def make_promoted(**fields: Any) -> TrainingRun:
    return promote(make_model_run(folder=stripes_model(), **fields))


def make_film(tmp_path: Path, *, team: Team, shots: Sequence[str] = ("lie", "stand", "lie"), **fields: Any) -> Video:
    """A video with real content, as if it had been analysed."""
    path = stripes_film(tmp_path / f"{uuid4()}.mp4", shots)
    return make_video(team=team, content=path.read_bytes(), info=probe(path), **fields)


def striped_track(standing: bool, *, seed: int = 1, **fields: Any) -> FoundTrack:
    """A track whose views are pictures that the stripes model knows."""
    from tests.factories_videos import found_track

    track = found_track(seed, **fields)
    picture = cv2.imencode(".jpg", stripes(standing, seed, side=64))[1].tobytes()
    return replace(track, faces=tuple(replace(face, picture_jpeg=picture) for face in track.faces))


def recognise(run: TrainingRun, video: Video) -> Recognition:
    """Recognises a video by the worker's real steps, as after an analysis."""
    made = recognition._begin(run, video, analysis_id=video.current_analysis_id, batch=None, user=None)
    work(made.job_id, runner.recognise_in_video)
    made.refresh_from_db()
    return made


def make_recognition(
    run: TrainingRun,
    video: Video,
    spans: Sequence[tuple[str, float, float]] = (("lie", 0, 3), ("stand", 3, 6)),
    *,
    uncertain: Sequence[float] = (),
    **fields: Any,
) -> Recognition:
    """Makes rows only; current by default. `uncertain` are moments in the queue, the most uncertain first."""
    now = timezone.now()
    usual: dict[str, Any] = {"ended_at": now, "taken_over_at": now, "analysis_id": video.current_analysis_id}
    made = Recognition.objects.create(run=run, video=video, line=run.line, **(usual | fields))
    Span.objects.bulk_create(
        Span(recognition=made, label=label, start_s=start_s, end_s=end_s, score=0.8) for label, start_s, end_s in spans
    )
    for n, time_s in enumerate(uncertain):
        key = f"{made.files_prefix}/{n}.jpg"
        storage.put_bytes(key, cv2.imencode(".jpg", stripes(bool(n % 2), n))[1].tobytes())
        Observation.objects.create(
            recognition=made,
            time_s=time_s,
            label=run.result["labels"][n % 2],
            certainty=0.55,
            doubt=0.9 - n / 100,
            scores=[0.55, 0.45],
            in_queue=True,
            picture_key=key,
        )
    return made
