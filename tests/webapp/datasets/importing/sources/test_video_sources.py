"""Samples out of videos: faces of people, pictures, clips; what each remembers, and videos that vanish meanwhile."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from analysis.images.read import decode_picture
from analysis.video.cut_clip import SMALL_SIDE
from analysis.video.decode import probe
from analysis.video.frames_at import frames_at
from tests.clips import clip_with_cuts, late_start, steady_clip, truncated_clip
from tests.factories_datasets import make_dataset, picture
from tests.factories_videos import found_track, make_analysed_video, people_of
from tests.moving_picture import write_clip
from tests.present import present
from tests.webapp.datasets.importing.fillings import deliver, job_of, labels_of, run, samples_of
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.datasets.importing import runner, store_runner
from webapp.datasets.importing import services as importing
from webapp.datasets.importing.option_types import APPEARANCES, BEST_VIEWS, EVERY, SCENES, WITH, WITHOUT, ImportOptions
from webapp.datasets.models import Dataset, DatasetKind, Import, Sample, Source
from webapp.folded_fields import with_folded
from webapp.jobs import lifecycle
from webapp.jobs.models import Status
from webapp.people.models import Face, Person
from webapp.videos import media_info
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
LEFT, RIGHT = (60, 40, 120, 100), (200, 40, 260, 100)


def real_video(path: Path, *tracks: Any, team: Team, **fields: Any) -> Video:
    """An analysed video whose file can be decoded."""
    video = make_analysed_video(*tracks, team=team, content=path.read_bytes(), **fields)
    Video.objects.filter(pk=video.pk).update(**media_info.columns_of(probe(path)))
    video.refresh_from_db()
    return video


def two_people(team: Team) -> Video:
    """Their stored views are real pictures, each another one."""
    video = make_analysed_video(found_track(1, box=LEFT), found_track(2, box=RIGHT), team=team, title="Party")
    for number, face in enumerate(Face.objects.filter(analysis=video.current_analysis_id)):
        storage.put_bytes(face.picture_key, picture(number, width=96, height=96))
    return video


def fill(dataset: Dataset, user: User, source: Source, **options: Any) -> Import:
    return run(begun(dataset, user, source, **options))


def begun(dataset: Dataset, user: User, source: Source, **options: Any) -> Import:
    return importing.begin(dataset=dataset, user=user, source=source, options=ImportOptions(**options), title="a title")


def ids(*rows: Any) -> tuple[str, ...]:
    return tuple(str(row.pk) for row in rows)


# People


def test_the_best_views_of_chosen_people_know_where_they_come_from(team: Team, alice: User) -> None:
    video = two_people(team)
    mira, other = people_of(video)
    Person.objects.filter(pk=mira.pk).update(**with_folded(Person, name="Mira"))
    dataset = make_dataset(team=team, kind=DatasetKind.FACES)
    of_import = fill(dataset, alice, Source.PEOPLE, people=ids(mira), how=BEST_VIEWS, names_as_labels=True)
    assert of_import.counts == {"added": 2}
    for row in samples_of(dataset):
        face = Face.objects.get(track=row.track, time_s=present(row.time_s))
        assert (row.video, row.person, row.label.name if row.label else "") == (video, mira, "Mira")
        assert (row.source, row.source_name, row.identity) == (str(video.pk), "Party", str(mira.pk))
        assert row.sequence == f"track {face.track_id}"
        assert storage.read_bytes(row.key) == storage.read_bytes(face.picture_key)
    assert not Sample.objects.filter(person=other).exists()


def test_videos_without_people_mean_everybody_in_them(team: Team, alice: User) -> None:
    video, _elsewhere = two_people(team), two_people(team)
    dataset = make_dataset(team=team, kind=DatasetKind.FACES)
    of_import = fill(dataset, alice, Source.PEOPLE, videos=ids(video), how=BEST_VIEWS)
    assert of_import.counts == {"added": 4}
    assert {row.video for row in samples_of(dataset)} == {video}
    assert set(labels_of(dataset).values()) == {""}


def test_people_of_another_team_do_not_come(team: Team, alice: User, charlie: User) -> None:
    video = two_people(charlie.memberships.get().team)
    dataset = make_dataset(team=team, kind=DatasetKind.FACES)
    of_import = fill(dataset, alice, Source.PEOPLE, people=ids(*people_of(video)), videos=ids(video), how=BEST_VIEWS)
    assert of_import.counts == {}


def test_faces_every_second_are_cut_out_where_the_track_was(team: Team, alice: User, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_clip(path, seconds=4)
    video = real_video(
        path,
        found_track(1, start_s=0.5, end_s=3.3, box=LEFT),
        found_track(2, start_s=2.1, end_s=2.3, box=RIGHT),
        team=team,
    )
    dataset = make_dataset(team=team, kind=DatasetKind.FACES)
    of_import = fill(dataset, alice, Source.PEOPLE, videos=ids(video), how=EVERY, step_s=1.0)
    assert of_import.counts == {"added": 4}
    rows = samples_of(dataset)
    # On the grid of whole seconds; the brief track has its middle.
    assert sorted(present(row.time_s) for row in rows) == pytest.approx([1.0, 2.0, 2.2, 3.0], abs=0.11)
    info = media_info.info_of(video)
    for row in rows:
        assert row.time_s is not None
        image = decode_picture(storage.read_bytes(row.key), "crop")
        assert image.shape == (108, 108, 3)
        x = (36, 176)[row.time_s == pytest.approx(2.2, abs=0.05)]
        frame = next(frame for _n, frame in frames_at(path, info, [row.time_s]))
        whole, _corner = frame.crop_bgr(np.array([0, 0, 320, 240], np.float32))
        assert np.abs(image.astype(int) - whole[16:124, x : x + 108]).mean() < 4


def test_a_person_in_several_pieces_of_a_track_is_one_sequence(team: Team, alice: User) -> None:
    video = two_people(team)
    first, second = video.current_analysis.tracks.order_by("pk")[:2]  # type: ignore[union-attr]
    type(second).objects.filter(pk=second.pk).update(joined_to=first)
    dataset = make_dataset(team=team, kind=DatasetKind.FACES)
    fill(dataset, alice, Source.PEOPLE, videos=ids(video), how=BEST_VIEWS)
    assert {row.sequence for row in samples_of(dataset)} == {f"track {first.pk}"}


# Pictures


def test_pictures_every_second(team: Team, alice: User, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_clip(path, seconds=3.5)
    video = real_video(path, team=team, title="Walk")
    dataset = make_dataset(team=team)
    of_import = fill(dataset, alice, Source.FRAMES, videos=ids(video), how=EVERY, step_s=1.0, label="street")
    assert of_import.counts == {"added": 4}
    rows = samples_of(dataset)
    assert [row.time_s for row in rows] == pytest.approx([0, 1, 2, 3], abs=0.11)
    assert {(row.width, row.height, row.source, row.source_name) for row in rows} == {(320, 240, str(video.pk), "Walk")}
    assert set(labels_of(dataset).values()) == {"street"}


@pytest.mark.parametrize(("faces", "times"), [(WITH, [1, 2]), (WITHOUT, [0, 3])])
def test_pictures_with_and_without_faces(
    faces: str, times: list[float], team: Team, alice: User, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    write_clip(path, seconds=3.5)
    video = real_video(path, found_track(1, start_s=0.8, end_s=2.2, box=LEFT), team=team)
    dataset = make_dataset(team=team)
    fill(dataset, alice, Source.FRAMES, videos=ids(video), how=EVERY, step_s=1.0, faces=faces)
    assert [row.time_s for row in samples_of(dataset)] == pytest.approx(times, abs=0.11)


def test_one_picture_of_each_shot(team: Team, alice: User, tmp_path: Path) -> None:
    path = clip_with_cuts(tmp_path / "a.mp4", [30, 150, 60, 200], seconds_each=1.5)
    video = real_video(path, team=team)
    dataset = make_dataset(team=team)
    fill(dataset, alice, Source.FRAMES, videos=ids(video), how=SCENES)
    assert [row.time_s for row in samples_of(dataset)] == pytest.approx([0, 1.5, 3.0, 4.5], abs=0.11)


def test_shots_are_the_same_when_a_killed_import_goes_on(
    team: Team, alice: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.datasets.importing.sources.frames_reader.STRETCH_S", 1.5)
    monkeypatch.setattr(runner, "BATCH_COUNT", 1)
    path = clip_with_cuts(tmp_path / "a.mp4", [30, 150, 60, 200], seconds_each=1.5)
    video = real_video(path, team=team)
    dataset = make_dataset(team=team)
    of_import = begun(dataset, alice, Source.FRAMES, videos=ids(video), how=SCENES)
    real = store_runner.store

    def store_and_die(*args: Any) -> list[int]:
        real(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(store_runner, "store", store_and_die)
        run(of_import)
    assert len(samples_of(dataset)) == 1
    run(of_import)
    assert job_of(of_import).status == Status.DONE
    assert [row.time_s for row in samples_of(dataset)] == pytest.approx([0, 1.5, 3.0, 4.5], abs=0.11)


def test_a_video_whose_times_begin_late(team: Team, alice: User, tmp_path: Path) -> None:
    path = late_start(steady_clip(tmp_path / "a.mp4"), tmp_path / "late.ts")
    video = real_video(path, team=team)
    info = media_info.info_of(video)
    assert info.start_s > 2
    dataset = make_dataset(team=team)
    fill(dataset, alice, Source.FRAMES, videos=ids(video), how=EVERY, step_s=1.0)
    times = [row.time_s for row in samples_of(dataset)]
    assert times == pytest.approx([info.start_s, info.start_s + 1], abs=0.2)


# Clips


def test_clips_around_appearances_are_small_silent_and_know_whom_they_show(
    team: Team, alice: User, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    write_clip(path, seconds=6)
    video = real_video(path, found_track(1, start_s=2.0, end_s=4.0, box=LEFT), team=team)
    dataset = make_dataset(team=team, kind=DatasetKind.CLIPS)
    person = people_of(video)[0]
    of_import = fill(dataset, alice, Source.MOMENTS, people=ids(person), how=APPEARANCES, length_s=1.5)
    assert of_import.counts == {"added": 1}
    row = samples_of(dataset)[0]
    assert row.time_s == pytest.approx(2.25, abs=0.1)
    assert (row.person, row.video, row.media_type) == (person, video, "video/mp4")
    with storage.local_path(row.key) as clip:
        info = probe(clip)
    assert info.duration_s == pytest.approx(1.5, abs=0.15)
    assert min(info.width, info.height) <= SMALL_SIDE
    assert info.audio_codec == ""
    assert decode_picture(storage.read_bytes(row.thumbnail_key), "thumbnail").shape[1] == 192


def test_clips_at_regular_times_end_with_the_video(team: Team, alice: User, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_clip(path, seconds=2.5)
    video = real_video(path, team=team)
    dataset = make_dataset(team=team, kind=DatasetKind.CLIPS)
    fill(dataset, alice, Source.MOMENTS, videos=ids(video), how=EVERY, step_s=1.0, length_s=1.0)
    assert [row.time_s for row in samples_of(dataset)] == pytest.approx([0, 1, 2], abs=0.01)
    assert [row.duration_s for row in samples_of(dataset)] == pytest.approx([1, 1, 0.5], abs=0.15)


# Uploaded videos


def test_uploaded_videos_become_clips(team: Team, alice: User, tmp_path: Path) -> None:
    dataset = make_dataset(team=team, kind=DatasetKind.CLIPS)
    playable = write_clip(tmp_path / "a.mp4", seconds=0.5)
    files = {"wave.mp4": playable, "old.avi": write_clip(tmp_path / "b.avi", seconds=0.5, codec="mpeg4")}
    of_import = begun(dataset, alice, Source.VIDEOS, expected=3, label="wave")
    deliver(of_import, alice, files | {"no film.mp4": b"text"})
    of_import = run(of_import)
    assert of_import.counts == {"added": 2, "unreadable": 1}
    by_name = {row.name: row for row in samples_of(dataset)}
    assert storage.read_bytes(by_name["wave.mp4"].key) == playable
    assert by_name["old.avi"].media_type == "video/mp4"
    assert set(labels_of(dataset).values()) == {"wave"}
    assert storage.names(of_import.inbox_prefix) == []


def test_pictures_of_uploaded_videos(team: Team, alice: User, tmp_path: Path) -> None:
    dataset = make_dataset(team=team)
    of_import = begun(dataset, alice, Source.VIDEOS, expected=2, step_s=1.0)
    deliver(of_import, alice, {"walk.mp4": write_clip(tmp_path / "a.mp4", seconds=2.5), "broken.mp4": b"text"})
    of_import = run(of_import)
    assert of_import.counts == {"added": 3, "unreadable": 1}
    assert {row.source_name for row in samples_of(dataset)} == {"walk.mp4"}
    assert len({row.source for row in samples_of(dataset)}) == 1


# Videos that vanish


@pytest.mark.parametrize("how", ["deleted", "file gone"])
def test_a_video_that_goes_while_it_is_read_is_said_and_the_next_one_comes(
    how: str, team: Team, alice: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = []
    for seed in (1, 2):
        path = tmp_path / f"{seed}.mp4"
        write_clip(path, seconds=2.5, seed=seed)
        videos.append(real_video(path, team=team, title=f"Video {seed}"))
    dataset = make_dataset(team=team)
    monkeypatch.setattr(runner, "BATCH_COUNT", 1)
    of_import = begun(dataset, alice, Source.FRAMES, videos=ids(*videos), how=EVERY, step_s=1.0)
    real = store_runner.store

    def store_and_delete(*args: Any) -> list[int]:
        numbers = real(*args)
        if how == "deleted":
            Video.objects.filter(pk=videos[0].pk).update(deleted_at=timezone.now())
        else:
            storage.delete(videos[1].original_key)
        return numbers

    monkeypatch.setattr(store_runner, "store", store_and_delete)
    of_import = run(of_import)
    assert job_of(of_import).status == Status.DONE
    came = [row.source_name for row in samples_of(dataset)]
    lost = [(problem.name.partition(" s")[0][:7], problem.outcome) for problem in of_import.problems.all()]
    if how == "deleted":
        assert came == ["Video 1"] + ["Video 2"] * 3
        assert lost == [("Video 1", "unreadable")] * 2
    else:
        assert came == ["Video 1"] * 3
        assert lost == [("Video 2", "unreadable")]


def test_a_video_that_ends_in_the_middle_gives_what_can_be_read(team: Team, alice: User, tmp_path: Path) -> None:
    path = truncated_clip(steady_clip(tmp_path / "a.mp4", seconds=4), tmp_path / "cut.mp4", 0.5)
    video = real_video(path, team=team)
    dataset = make_dataset(team=team)
    of_import = fill(dataset, alice, Source.FRAMES, videos=ids(video), how=EVERY, step_s=1.0)
    assert job_of(of_import).status == Status.DONE
    assert of_import.items_done == of_import.items_total
    assert 1 <= len(samples_of(dataset)) < 4


def test_an_analysis_made_anew_meanwhile_does_no_harm(team: Team, alice: User) -> None:
    video = two_people(team)
    dataset = make_dataset(team=team, kind=DatasetKind.FACES)
    of_import = begun(dataset, alice, Source.PEOPLE, videos=ids(video), how=BEST_VIEWS)
    job = lifecycle.claim(of_import.job_id)  # type: ignore[arg-type]
    assert job is not None
    Face.objects.filter(analysis=video.current_analysis_id).delete()
    runner.run_import(job)
    of_import.refresh_from_db()
    assert of_import.counts == {}
