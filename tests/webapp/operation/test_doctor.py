"""`manage.py doctor`: each thing that can be wrong is said with what to do; `test_up.py` asks of a running product."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from tests.factories import make_job
from tests.guards.layout_rules import PROJECT
from webapp.jobs.models import JobKind, Status
from webapp.operation.diagnosis import installation_queries, work_queries
from webapp.operation.diagnosis.diagnosis_types import Diagnosis, Health

pytestmark = pytest.mark.django_db


def health_of(found: list[Diagnosis]) -> list[tuple[Health, str]]:
    return [(each.health, each.words) for each in found]


def only(found: list[Diagnosis]) -> Diagnosis:
    [each] = found
    assert (each.health == Health.OK) == (each.advice == "")
    return each


def test_what_is_bad_is_said_with_what_to_do_and_ends_with_1() -> None:
    make_job(kind=JobKind.SEGMENT, queued_at=timezone.now() - timedelta(hours=2))
    for folder in (settings.MEDIA_ROOT, settings.UPLOAD_DIR):
        folder.mkdir(parents=True, exist_ok=True)
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("doctor", stdout=out)
    assert end.value.code == 1
    assert "BAD      Workers: nobody takes the work that waits for analysis\n         See the logs" in out.getvalue()
    assert "warning  Waiting work: 1 jobs; the oldest (Analysing one segment) has waited for 120 min" in out.getvalue()
    assert "ok       Database: " in out.getvalue() and "ok       Queue: answers (version " in out.getvalue()


def test_programs_read_the_same(tmp_path: Path) -> None:
    out = StringIO()
    with pytest.raises(SystemExit):  # no folders
        call_command("doctor", "--json", stdout=out)
    told: list[dict[str, Any]] = json.loads(out.getvalue())
    assert {part["part"] for part in told} >= {"Installation", "Database", "Queue", "FFmpeg", "Graphics card", "Backup"}
    assert all(part["advice"] for part in told if part["health"] != "ok")


def test_a_queue_that_does_not_answer_is_bad(tmp_path: Path) -> None:
    assert only(list(installation_queries.queue(f"unix://{tmp_path}/no.sock"))).health == Health.BAD


def test_a_disk_is_said_before_it_is_full_and_when_it_is(settings: LazySettings) -> None:
    settings.UPLOAD_DIR.mkdir(parents=True, exist_ok=True)
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    found = []
    for reserve_bytes in (0, 10**30, installation_queries.shutil.disk_usage(settings.DATA_DIR).free // 2):
        settings.DISK_RESERVE_BYTES = reserve_bytes
        found.append(only(list(installation_queries.disks())))
    assert [each.health for each in found] == [Health.OK, Health.BAD, Health.WARNING]
    assert "for data, uploads, media" in found[0].words


def test_a_card_that_is_there_and_not_used_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert only(list(installation_queries.graphics_card())).health == Health.OK
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho NVIDIA T4\n")
    program.chmod(0o700)
    found = only(list(installation_queries.graphics_card()))
    assert (found.health, found.words) == (
        Health.WARNING,
        "NVIDIA T4 is not used: the runtime for the CPU is installed",
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEBUG", True, "ROLLCALL_DEBUG is on"),
        ("SECRET_KEY", "short", "short enough to be guessed"),
        ("ALLOWED_HOSTS", ["*"], "lets any name in"),
        ("ALLOWED_HOSTS", ["localhost", "rollcall.example.org"], "rollcall.example.org without HTTPS"),
    ],
)
def test_what_is_not_safe_is_said(settings: LazySettings, name: str, value: object, words: str) -> None:
    safe = {"DEBUG": False, "SECRET_KEY": "k" * 64, "ALLOWED_HOSTS": ["localhost"], "BEHIND_HTTPS": False}
    for each, given in safe.items():
        setattr(settings, each, given)
    assert only(list(installation_queries.security())).health == Health.OK
    setattr(settings, name, value)
    found = only(list(installation_queries.security()))
    assert found.health == Health.WARNING and words in found.words


def test_a_key_that_others_can_read_is_said(settings: LazySettings, tmp_path: Path) -> None:
    settings.SECRET_KEY, settings.ALLOWED_HOSTS, settings.SECRET_KEY_FILE = "k" * 64, [], tmp_path / "secret_key"
    settings.SECRET_KEY_FILE.write_text("k" * 64)
    settings.SECRET_KEY_FILE.chmod(0o644)
    assert "can be read by others" in only(list(installation_queries.security())).words


@pytest.mark.parametrize(("days", "health"), [(1, Health.OK), (8, Health.WARNING), (None, Health.WARNING)])
def test_an_old_backup_is_said(settings: LazySettings, tmp_path: Path, days: int | None, health: Health) -> None:
    settings.DATA_DIR = tmp_path
    if days is not None:
        made_at = (timezone.now() - timedelta(days=days)).isoformat()
        (tmp_path / installation_queries.LAST_BACKUP).write_text(json.dumps({"made_at": made_at}))
    assert only(list(installation_queries.backups())).health == health


def test_a_database_of_another_version_is_said() -> None:
    assert only(list(work_queries.database())).health == Health.OK
    recorder = MigrationRecorder(work_queries.connection)
    recorder.record_applied("jobs", "9999_of_tomorrow")
    assert "unknown here, as jobs.9999_of_tomorrow" in only(list(work_queries.database())).words
    recorder.migration_qs.filter(app="sharing").delete()
    assert "1 migrations behind" in only(list(work_queries.database())).words


def test_a_clock_that_was_set_back_is_said() -> None:
    assert only(list(work_queries.clock())).health == Health.OK
    make_job(queued_at=timezone.now() + timedelta(hours=2))
    assert "but work was begun at" in only(list(work_queries.clock())).words


def test_failures_of_the_last_day_are_counted_by_reason() -> None:
    now = timezone.now()
    make_job(status=Status.FAILED, error_code="internal", finished_at=now - timedelta(days=2))
    assert health_of(list(work_queries.failures())) == [(Health.OK, "none in the last day")]
    make_job(status=Status.FAILED, error_code="unreadable", finished_at=now)
    assert only(list(work_queries.failures())).health == Health.OK
    make_job(status=Status.FAILED, error_code="internal", finished_at=now)
    found = only(list(work_queries.failures()))
    assert found.health == Health.WARNING and "2 jobs failed in the last day: " in found.words


def test_settings_that_do_not_fit_are_one_line(tmp_path: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "webapp.settings", "ROLLCALL_UPLOAD_MAX_GB": "much"}
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=PROJECT,
        env=environment | {"ROLLCALL_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    expected = "The settings do not fit: ROLLCALL_UPLOAD_MAX_GB='much': expected a whole number\n"
    assert (done.returncode, done.stderr) == (1, expected)
