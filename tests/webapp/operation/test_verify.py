"""`manage.py verify`: finds every kind of loss, takes nothing for one that is none, and repairs what can be."""

import json
import os
import re
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import CharField, FileField
from django.utils import timezone

from tests.factories_recognition import make_film, make_model_run, make_recognition
from tests.guards.layout_rules import PROJECT, sources
from tests.webapp.operation.everything import Everything
from webapp import storage
from webapp.accounts.models import Team
from webapp.jobs.models import Job, JobKind
from webapp.operation.verification import queries, repair_runner
from webapp.operation.verification import stored_file_rules as rules
from webapp.uploads import partial_files
from webapp.videos.models import Playback, Video

pytestmark = pytest.mark.django_db
WRITERS = {
    "accounts/profile/picture_services.py": "User.picture_key",
    "analyses/runner.py": "Face.picture_key",
    "datasets/importing/inbox.py": "the folder of an import",
    "datasets/importing/plans.py": "the folder of an import",
    "datasets/importing/store_runner.py": "Sample.key, Sample.thumbnail_key",
    "exports/runner.py": "Export.file_key",
    "jobs/store_mark_services.py": "StoreMark.value",
    "operation/verification/repair_runner.py": "Sample.thumbnail_key",
    "recognition/runner.py": "Observation.picture_key",
    "training/explanations/runner.py": "the folder of an explanation",
    "training/explanations/services.py": "Explanation.file_key",
    "training/runs/runner.py": "TrainingRun.files",
    "uploads/store_services.py": "Video.original_key, ImportUpload.is_stored",
    "videos/ingest_runner.py": "Video.poster_key, copy_key, sprites_key",
    "videos/sample_runner.py": "Video.original_key",
}
"""Who stores files, and which rule of `stored_file_rules` finds them."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is being deleted in these tests, which a verification would wait for."""
    monkeypatch.setattr(queries.time, "sleep", lambda _s: None)


def verified(*options: str) -> dict[str, Any]:
    out, is_whole = StringIO(), True
    try:
        call_command("verify", "--json", *options, stdout=out)
    except SystemExit as end:
        is_whole = end.code != 1
    told: dict[str, Any] = json.loads(out.getvalue())
    assert told["is_whole"] == is_whole
    return told


def faults(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault["kind"], fault["key"]) for fault in told["faults"]]


def damage(key: str, content: bytes) -> None:
    (settings.MEDIA_ROOT / key).write_bytes(content)


def make_old(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = time.time() + 2 * 86400
    monkeypatch.setattr(queries.time, "time", lambda: now_s)


def test_every_column_with_a_file_has_a_rule() -> None:
    known = {rule.name for rule in rules.COLUMNS} | rules.NO_FILES.keys()
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("webapp.")
        for field in model._meta.concrete_fields
        if isinstance(field, FileField)
        or (isinstance(field, CharField) and (field.name == "key" or field.name.endswith("_key")))
    }
    assert found == known, "say in stored_file_rules.COLUMNS what has to be true of the file, or in NO_FILES why none"


def test_whoever_stores_files_has_a_rule() -> None:
    put = re.compile(r"storage\.(put_file|put_bytes|take_file)\(")
    webapp = PROJECT / "webapp"
    found = {str(path.relative_to(webapp)) for path in sources("webapp") if put.search(path.read_text())}
    assert found == WRITERS.keys(), "which rule of stored_file_rules finds these files?"


def test_every_rule_has_a_remedy_or_words() -> None:
    kinds = {queries.FaultKind.STRAY, queries.FaultKind.SHORT_UPLOAD}
    assert (repair_runner.REMEDIES.keys() - kinds) | repair_runner.NO_REMEDY.keys() == rules.WHAT.keys()


def test_a_whole_installation_is_whole_however_old_its_files(
    everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(monkeypatch)
    told = verified()
    assert told["faults"] == [] and told["rows"] >= len(rules.WHAT) and told["files"] > len(rules.WHAT)


@pytest.mark.parametrize("rule", sorted(rules.WHAT))
def test_a_lost_file_is_found(everything: Everything, rule: str) -> None:
    key = everything.key(rule)
    storage.delete(key)
    assert faults(verified()) == [("missing", key)]


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        ("videos.Video.original_key", None),
        ("datasets.Sample.key", None),
        ("training.TrainingRun.files", None),
        ("exports.Export.file_key", b"short"),
        ("videos.Video.copy_key", b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x0cmdatfi"),
        ("videos.Video.poster_key", b"\xff\xd8\xff\xe0 half of a pic"),
        ("training.Explanation.heat_key", b""),
    ],
)
def test_a_changed_file_is_found(everything: Everything, rule: str, content: bytes | None) -> None:
    key = everything.key(rule)
    before = storage.read_bytes(key)
    damage(key, before[:-1] + bytes([before[-1] ^ 1]) if content is None else content)
    assert faults(verified()) == [("changed", key)]
    if content is None:
        assert faults(verified("--no-checksums")) == []


def test_what_can_be_made_again_is(everything: Everything) -> None:
    derived = sorted(repair_runner.REMEDIES.keys() & rules.WHAT.keys() - {"training.Explanation.heat_key"})
    for rule in derived:
        if rule != "recognition.Observation.picture_key":  # needs a real video, see below
            storage.delete(everything.key(rule))
    told = verified("--repair")
    assert [f for f in told["faults"] if not f["is_repaired"]] == []
    assert told["is_whole"] and {fault["rule"] for fault in told["faults"]} == {*derived} - {
        "recognition.Observation.picture_key"
    }
    assert storage.exists(everything.key("datasets.Sample.thumbnail_key"))
    video = Video.objects.get(pk=everything.video.pk)
    assert (video.playback, video.copy_key, video.poster_key, video.sprites_key) == (Playback.PENDING, "", "", "")
    queued = Job.objects.filter(subject_id=video.pk, status="queued").values_list("kind", flat=True)
    assert sorted(queued) == [JobKind.ANALYSIS, JobKind.WEB_COPY]
    everything.user.refresh_from_db()
    assert everything.user.picture_key == ""


def test_what_cannot_be_made_again_stays_a_fault_with_words(everything: Everything) -> None:
    storage.delete(everything.key("videos.Video.original_key"))
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify", "--repair", stdout=out)
    assert "Missing: the uploaded video" in out.getvalue() and "restore it from a backup" in out.getvalue()
    assert out.getvalue().endswith("1 wrong, 0 of them repaired\n")
    assert Video.objects.filter(pk=everything.video.pk).exclude(original_key="").exists()


def test_files_without_a_row_are_moved_aside_once_they_are_old(
    everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put_bytes("teams/1/videos/2/web.mp4", b"nobody's")
    storage.put_bytes("teams/1/.x.partial", b"half")
    assert faults(verified()) == []
    make_old(monkeypatch)
    told = verified("--repair")
    assert sorted(faults(told)) == [("stray", "teams/1/.x.partial"), ("stray", "teams/1/videos/2/web.mp4")]
    assert told["is_whole"] and not storage.names("teams/1")
    assert (repair_runner.strays_folder() / "teams/1/videos/2/web.mp4").read_bytes() == b"nobody's"
    assert verified()["faults"] == []


def test_names_that_are_no_text_are_said(everything: Everything, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.MEDIA_ROOT / os.fsdecode(b"odd\xff")).write_bytes(b"x")
    make_old(monkeypatch)
    assert faults(verified()) == [("stray", "odd\udcff")]


def test_an_upload_that_lost_bytes_is_set_back_to_where_it_is(everything: Everything) -> None:
    with partial_files.opened(everything.upload.pk) as file:
        partial_files.cut_to(file, 4)
    assert faults(verified("--repair")) == [("short_upload", everything.upload.pk.hex)]
    everything.upload.refresh_from_db()
    assert everything.upload.offset_bytes == 4
    assert verified()["faults"] == []


def test_what_is_being_deleted_or_moved_in_is_no_fault(everything: Everything) -> None:
    Video.objects.filter(pk=everything.video.pk).update(deleted_at=timezone.now() - 2 * rules.UNDO_PERIOD)
    for name in ("original", "web.mp4"):
        storage.delete(f"{everything.video.files_prefix}/{name}")
    assert verified()["faults"] == []
    Video.objects.filter(pk=everything.video.pk).update(deleted_at=None, copy_key="")
    partial_files.path_of(everything.video.pk).write_bytes(b"waits for a worker to copy it into the store")
    assert verified()["faults"] == []


def test_a_row_that_goes_while_it_is_looked_at_is_no_fault(
    everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.delete(everything.export.file_key)
    monkeypatch.setattr(queries.time, "sleep", lambda _s: everything.export.delete())
    assert verified()["faults"] == []


def test_nothing_is_repaired_where_the_store_is_another_folder(
    everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair_runner, "FEW_ROWS", 1)
    settings.MEDIA_ROOT.rename(settings.MEDIA_ROOT.with_name("elsewhere"))
    try:
        with pytest.raises(CommandError, match="is this the folder of media"):
            call_command("verify", "--repair", stdout=StringIO())
    finally:
        settings.MEDIA_ROOT.with_name("elsewhere").rename(settings.MEDIA_ROOT)
    assert not Job.objects.filter(kind=JobKind.WEB_COPY).exists()


def test_pictures_of_uncertain_moments_are_taken_from_their_video_again(team: Team, tmp_path: Path) -> None:
    video = make_film(tmp_path, team=team)
    recognition = make_recognition(make_model_run(team=team), video, uncertain=[1.0, 4.0])
    lost = recognition.observations.get(time_s=4.0).picture_key
    before = storage.read_bytes(lost)
    storage.delete(lost)
    assert faults(verified("--repair")) == [("missing", lost)]
    assert storage.read_bytes(lost) != before and verified()["faults"] == []
