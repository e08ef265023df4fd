"""What the page of a video says of its file."""

import pytest

from tests.factories_videos import make_video
from webapp.accounts.models import Team
from webapp.http.clock import clock_length
from webapp.library import video_words
from webapp.templatetags import rollcall

pytestmark = pytest.mark.django_db


def test_details_agree_with_the_other_pages(team: Team) -> None:
    video = make_video(team=team, duration_s=12.52, size_bytes=369_613, container="mov,mp4,m4a", video_codec="h264")
    known = dict(video_words.details(video))
    assert known["Length"] == clock_length(video.duration_s) == "0:13"
    assert known["Size"] == rollcall.size(video.size_bytes) == "361 KB"
    assert known["Format"].startswith("MP4/MOV · h264")


@pytest.mark.parametrize(("seconds", "words"), [(33.6, "34 s"), (0.4, "under 1 s"), (0, "under 1 s")])
def test_whoever_is_seen_is_on_screen_for_more_than_nothing(seconds: float, words: str) -> None:
    assert rollcall.screen_time(seconds) == words


@pytest.mark.parametrize(("container", "words"), [("matroska,webm", "MKV/WebM"), ("avi", "AVI"), ("", "")])
def test_containers_are_called_as_people_call_them(container: str, words: str, team: Team) -> None:
    video = make_video(team=team, container=container, video_codec="", audio_codec="")
    assert dict(video_words.details(video)).get("Format", "") == words
