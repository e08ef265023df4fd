"""Broken, hostile and degenerate files (shared data): each is refused in words or accepted, and never gets stuck."""

import re

import pytest

from tests.factories_videos import make_upload
from tests.present import present
from tests.shared_data import shared_data
from tests.working import work_on
from webapp.accounts.models import Team, User
from webapp.jobs import words as jobs_words
from webapp.uploads import partial_files, receive_services
from webapp.videos import upload_services
from webapp.videos.models import Video, VideoState

pytestmark = pytest.mark.django_db(transaction=True)
ROW = re.compile(r"^\| (?P<name>[\w.]+) \|(?:[^|]*\|){5} (?P<expected>[^|]+) \|")


def manifest() -> list[tuple[str, str]]:
    """Name and what a sound application does with it."""
    try:
        lines = shared_data("videos_bad/MANIFEST.md").read_text().splitlines()
    except pytest.skip.Exception:
        return []
    rows = [match for line in lines if (match := ROW.match(line)) and match["name"] != "file"]
    return [(row["name"], row["expected"]) for row in rows]


@pytest.mark.parametrize(("name", "expected"), manifest())
def test_the_outcome_is_as_the_manifest_says(team: Team, bob: User, name: str, expected: str) -> None:
    content = shared_data(f"videos_bad/{name}").read_bytes()
    upload = make_upload(bob, team=team, size_bytes=len(content), name=name)
    receive_services.receive(upload, offset=0, chunks=[content])
    upload_services.finish_upload(upload)
    work_on(Video.objects.get().current_job_id)
    video = Video.objects.select_related("current_job").get()
    if expected.startswith("reject"):
        assert video.state == VideoState.FAILED or " or " in expected
    elif expected.startswith(("ok", "partly")):
        assert video.state == VideoState.WAITING or " or " in expected
    if video.state == VideoState.FAILED:
        assert video.original_key == "" and list(partial_files.every_file()) == []
        assert jobs_words.explain(present(video.current_job).error_code) is not jobs_words.explain("internal")
