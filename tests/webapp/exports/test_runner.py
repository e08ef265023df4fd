"""Exports by the worker's real steps on tiny films: what is in the files, and how the work ends."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import pytest
from django.utils import translation

from analysis.errors import Cancelled
from analysis.video.decode import probe
from tests.clips import steady_clip
from tests.factories_exports import make_analysed_film
from tests.factories_videos import found_track, people_of, work
from tests.present import present
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.exports import runner, seen_people_queries, services
from webapp.exports.models import Export
from webapp.exports.services import ExportWish
from webapp.exports.words import report_lines, title_of_export
from webapp.jobs.models import Job, Status
from webapp.people.acts import services as acts
from webapp.people.models import Person
from webapp.videos import services as videos
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
BOX = (10, 10, 50, 50)
REEL = {"order": "video", "min_s": 0.1, "padding_s": 0.0, "captions": False, "together": False}
BLUR = {"style": "solid", "sound": "keep", "margin": 0.25}


@pytest.fixture
def video(team: Team, tmp_path: Path) -> Video:
    """4 s; one person from 1 s to 2 s, another from 2.6 s on."""
    tracks = [found_track(1, start_s=1, end_s=2, box=BOX), found_track(2, start_s=2.6, end_s=3.6, box=BOX)]
    return make_analysed_film(steady_clip(tmp_path / "a.mp4", seconds=4), *tracks, team=team, title="Party")


def begin(video: Video, user: User, kind: str, options: dict[str, Any], people: Any = (), *more: Video) -> Export:
    wish = ExportWish(kind, f"{kind} of {video}", [video, *more], people, options)
    return services.start_export(wish, team=video.team, user=user)


def made(export: Export) -> Export:
    work(export.job_id, runner.make_export)
    done = Export.objects.select_related("job").get(pk=export.pk)
    assert (done.job.status, done.job.error_code) == (Status.DONE, "")
    assert done.is_ready and storage.size(done.file_key) == done.size_bytes
    return done


def length_s(export: Export) -> float:
    with storage.local_path(export.file_key) as path:
        return probe(path).duration_s


def test_a_clip_and_a_reel_hold_the_appearances_alone(video: Video, team: Team, vera: User, tmp_path: Path) -> None:
    first, second = people_of(video)
    clip = begin(video, vera, "clip", {"start_s": 1.0, "end_s": 2.0, "padding_s": 0.5, "captions": True}, [first])
    assert length_s(made(clip)) == pytest.approx(2.0, abs=0.1)
    other = make_analysed_film(steady_clip(tmp_path / "b.mp4", shade=90), found_track(7, end_s=1.6, box=BOX), team=team)
    acts.merge_people(people_of(other)[0], target=second, user=None)
    reel = made(begin(video, vera, "reel", REEL, [second], other))
    assert [part["source"] for part in reel.report["parts"]] == [0, 1]
    assert 1.6 < length_s(reel) < 2.4
    assert re.fullmatch(r"2 moments from 2 videos, 0:0[12] long", report_lines(reel)[0].text)
    fewer = made(begin(video, vera, "reel", REEL | {"min_s": 1}, [second], other))
    said = [line.text for line in report_lines(fewer)]
    assert said == ["1 moment from 1 of 2 videos, 0:01 long", "1 appearance is left out: it is shorter than 1 s."]
    fewer.title = ""
    assert title_of_export(fewer) == f"Highlights of {second} from Party"


def test_chapters_and_a_picture(team: Team, vera: User, tmp_path: Path) -> None:
    tracks = [
        found_track(1, start_s=0, end_s=3.8, box=BOX),
        found_track(2, start_s=0, end_s=3.8, box=(90, 10, 130, 50)),
    ]
    video = make_analysed_film(steady_clip(tmp_path / "a.mp4", seconds=4), *tracks, team=team, title="Party")
    acts.name_person(people_of(video)[0], name="Tom", user=vera)
    with translation.override("zh-hans"):
        begun = begin(video, vera, "chapters", {})
    chapters = made(begun)
    with storage.local_path(chapters.file_key) as path, av.open(str(path)) as container:
        named = [chapter["metadata"]["title"] for chapter in container.chapters()]
    assert len(named) == chapters.report["chapters"] and named[0] == "Tom、人物 2"
    picture = made(begin(video, vera, "picture", {"time_s": 1.5, "style": "solid", "margin": 0.25}))
    assert picture.file_key.endswith(".jpg") and storage.read_bytes(picture.file_key).startswith(b"\xff\xd8")
    assert report_lines(picture)[0].text == "0 faces are blurred."


def test_a_blurred_copy_says_what_its_check_found(video: Video, vera: User) -> None:
    tom = people_of(video)[0]
    acts.name_person(tom, name="Tom", user=vera)
    copy = made(begin(video, vera, "blur", BLUR | {"whom": "chosen"}, [tom]))
    assert copy.report["frames"] == 100 and 0 < copy.report["frames_hidden_in"] < 100
    checked, limits, covered, share = report_lines(copy)
    assert covered.text.startswith("Tom is blurred at 0:00.")
    assert "Tom was not found and nothing is blurred: watch these parts" in covered.text
    assert limits.text.startswith("The check can miss faces that are smaller than 11 pixels,")
    assert (checked.text, checked.is_bad) == ("Checked 100 frames: Tom was found in none.", False)
    assert share.text.endswith("% of the picture is blurred.")
    copy.report["share_hidden"] = 0.0748
    assert report_lines(copy)[-1].text == "7.5 % of the picture is blurred."
    copy.report |= {"frames_found": 2, "found_at_s": [1.0, 3.5]}
    copy.report |= {"areas_unconfirmed": 2, "people_covered": [covered_person(tom.number)]}
    warning, *further = report_lines(copy)
    assert [line.text for line in further][:3] == [
        "Tom is blurred at 0:00.0–0:02.5. At 0:02.5–1:04.0 Tom was not found and nothing is blurred: "
        "watch these parts before you share the copy.",
        "At 0:00.0–0:00.8 Tom was not clearly seen: the blur covers the place where Tom was just before or after. "
        "Watch this part before you share the copy.",
        "2 blurred areas may not be faces: they were never clearly seen as such.",
    ]
    copy.report["people_covered"] = [covered_person(tom.number, open_s=()), covered_person(tom.number + 9)]
    assert report_lines(copy)[1].text == "Tom is blurred from start to end."
    assert warning.is_bad and "Tom may still be recognisable in 2 frames: at 0:01, 0:03." in warning.text


def covered_person(number: int, open_s: Sequence[tuple[float, float]] = ((2.5, 64.0),)) -> dict[str, Any]:
    return {"person": number, "covered_s": [(0.0, 2.5)], "held_s": [(0.0, 0.8)], "open_s": open_s}


def test_a_copy_says_where_whoever_should_stay_visible_is_not(video: Video, vera: User) -> None:
    tom = people_of(video)[0]
    acts.name_person(tom, name="Tom", user=vera)
    copy = begin(video, vera, "blur", BLUR | {"whom": "others"}, [tom])
    copy.report = {"frames_found": 0, "frames_checked": 2000, "share_hidden": 0.1}
    assert not any("stay visible" in line.text for line in report_lines(copy))
    copy.report |= {"frames_with_kept": 1200, "frames_kept_hidden": 20}
    said = "Tom should stay visible, but is blurred in 20 of 1,200 frames to be on the safe side."
    assert said in [line.text for line in report_lines(copy)]


def test_unclear_faces_and_deleted_people_are_known_so_that_all_but_some_hides_them(video: Video) -> None:
    first, second = people_of(video)
    Person.objects.filter(pk=first.pk).update(is_deleted=True)
    second.tracks.update(person=None)
    found = {person.id: person for person in seen_people_queries.seen_people(video)}
    assert found.keys() == {first.number, seen_people_queries.UNCLEAR_ID}
    assert found[seen_people_queries.UNCLEAR_ID].unclear and len(found[first.number].vectors)


def test_a_person_who_is_no_longer_there_fails_it_in_words(video: Video, vera: User) -> None:
    stranger = Person.objects.create(team=video.team, number=99, hue=0)
    for kind, options, code in (
        ("blur", BLUR | {"whom": "chosen"}, "unknown_person"),
        ("reel", REEL, "nothing_to_show"),
    ):
        export = begin(video, vera, kind, options, [stranger])
        work(export.job_id, runner.make_export)
        assert Job.objects.get(pk=export.job_id).error_code == code


def test_what_is_cancelled_or_deleted_meanwhile_leaves_nothing(
    video: Video, vera: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_by = dict(runner.MAKERS)
    ways = {
        "cancelled": lambda export: services.lifecycle.cancel(export.job_id),
        "deleted": lambda export: services.delete_export(export, user=vera),
        "of a deleted video": lambda export: videos.delete_video(video, user=vera),
    }
    for what, end in ways.items():
        export = begin(video, vera, "chapters", {})

        def make_and_end(export: Export, target: Path, on_progress: Any, end: Any = end) -> Any:
            report = made_by["chapters"](export, target, on_progress)
            end(Export.objects.get(pk=export.pk))
            return report

        monkeypatch.setitem(runner.MAKERS, "chapters", make_and_end)
        work(export.job_id, runner.make_export)
        assert not storage.names(export.files_prefix), what
        assert not Export.objects.filter(pk=export.pk).exclude(job__status=Status.CANCELLED).exists(), what
    assert not list(storage.scratch_root().iterdir())
    late = ExportWish("chapters", "late", [video])
    export = services.start_export(late, team=video.team, user=vera)
    with pytest.raises(Cancelled):
        runner.make_export(present(export.job))


def test_a_full_disk_is_said(video: Video, vera: User, settings: Any) -> None:
    export = begin(video, vera, "chapters", {})
    settings.DISK_RESERVE_BYTES = 2**62
    work(export.job_id, runner.make_export)
    assert Job.objects.get(pk=export.job_id).error_code == "disk_full"
