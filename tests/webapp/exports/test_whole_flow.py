"""An export from the form to the downloaded file: two real faces, one of which must not be in it."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.urls import reverse

from analysis.pipeline import AnalysisOptions, Models, load_models
from analysis.types import WHOLE_VIDEO, Image
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames
from tests.analysis.exports.moving_faces import HEIGHT, WIDTH, face_box, still, write_film
from tests.conftest import signed_in
from tests.factories_exports import make_analysed_film
from tests.factories_videos import found_track, people_of
from tests.working import work_on
from webapp.accounts.models import Team, User
from webapp.exports.models import Export
from webapp.people.models import Face
from webapp.videos.models import Video

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]
LEFT, RIGHT = (90, HEIGHT // 2), (390, HEIGHT // 2)
HIDING = {"style": "pixels", "margin": "25"}


@pytest.fixture
def video(team: Team, tmp_path: Path) -> Video:
    """Collins at the left, Hopper at the right, for less than half a second."""
    film = write_film(tmp_path / "two.mp4", 0.4, {"collins": still(*LEFT), "hopper": still(*RIGHT)})
    tracks = [
        found_track(number, start_s=0.0, end_s=0.36, step_s=0.12, box=face_box(place).tolist())
        for number, place in enumerate((LEFT, RIGHT), start=1)
    ]
    video = make_analysed_film(film, *tracks, team=team, title="Two")
    Face.objects.update(presence=0.0)  # made-up vectors are no views of these two
    return video


def downloaded(user: User, folder: Path, **wish: Any) -> Path:
    """The file that the form, the worker's task and the download give."""
    client = signed_in(user)
    assert client.post(reverse("exports:new"), wish).status_code == 303
    export = Export.objects.latest("created_at")
    work_on(export.job_id)
    answer = client.get(reverse("exports:file", args=[export.pk]))
    assert answer.status_code == 200
    target = folder / f"file{export.suffix}"
    target.write_bytes(b"".join(answer))
    return target


def seen_at(models: Models, picture_bgr: Image) -> str:
    """Where faces are detected: "left", "right", "left right" or nowhere."""
    halves = {"left": picture_bgr[:, : WIDTH // 2], "right": picture_bgr[:, WIDTH // 2 :]}
    return " ".join(
        side for side, half in halves.items() if len(models.detector.detect_frame(np.ascontiguousarray(half), 0.8))
    )


def test_nobody_who_was_to_be_hidden_is_in_the_file(video: Video, vera: User, tmp_path: Path) -> None:
    models = load_models(AnalysisOptions())
    by_place = sorted(people_of(video), key=lambda person: person.number)
    kept = by_place[0]
    copy = downloaded(
        vera, tmp_path, kind="blur", video=video.pk, whom="others", person=kept.pk, sound="mute", **HIDING
    )
    every = Sampling(0, WIDTH, references_only=False, deblock=True)
    frames = list(sample_frames(copy, probe(copy), WHOLE_VIDEO, every, DecodeCounts()))
    assert [seen_at(models, frame.image_bgr) for frame in frames] == ["left"] * 10
    for whom, ticked, shown in (("others", [kept.pk], "left"), ("chosen", [kept.pk], "right"), ("everybody", [], "")):
        picture = downloaded(
            vera, tmp_path, kind="picture", video=video.pk, whom=whom, person=ticked, time_s="0.2", **HIDING
        )
        image_bgr = np.asarray(cv2.imread(str(picture)), np.uint8)
        assert seen_at(models, image_bgr) == shown, whom
