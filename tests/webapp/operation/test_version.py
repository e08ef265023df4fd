"""The database knows which version used it; older code refuses a newer one before it touches anything."""

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext

from webapp.checks import TAG
from webapp.operation import version_queries, version_services
from webapp.operation.models import UsedVersion
from webapp.version import VERSION

pytestmark = pytest.mark.django_db


@pytest.fixture
def of_newer_version(db: None) -> None:
    UsedVersion.objects.create(version="9.1")
    MigrationRecorder(connection).record_applied("jobs", "9999_new")


def test_nothing_is_refused_that_this_version_has_made() -> None:
    assert version_queries.refusal() == ""
    assert [found.id for found in run_checks(tags=[TAG]) if found.id == "rollcall.E007"] == []


def test_older_code_refuses_a_newer_database_in_words(of_newer_version: None, monkeypatch: pytest.MonkeyPatch) -> None:
    words = version_queries.refusal()
    assert f"used by version 9.1, and this is {VERSION}." in words and "jobs.9999_new" in words
    with pytest.raises(SystemCheckError, match=r"used by version 9\.1"):
        call_command("migrate", skip_checks=False)
    monkeypatch.delenv("CELERY_SKIP_CHECKS", raising=False)
    with pytest.raises(SystemExit, match=r"does not start.*version 9\.1"):
        version_services.refuse_worker()
    MigrationRecorder(connection).record_unapplied("jobs", "9999_new")
    MigrationRecorder(connection).record_applied("of_a_library_that_was_left", "0001_initial")
    assert "version 9.1" in version_queries.refusal() and "changes" not in version_queries.refusal()
    UsedVersion.objects.all().delete()
    assert version_queries.refusal() == ""


def test_a_version_is_noted_once_and_the_next_one_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    UsedVersion.objects.all().delete()
    version_services.stamp()
    version_services.stamp()
    assert list(UsedVersion.objects.values_list("version", flat=True)) == [VERSION]
    monkeypatch.setattr(version_services, "VERSION", "9.2")
    version_services.stamp()
    assert list(UsedVersion.objects.order_by("pk").values_list("version", flat=True)) == [VERSION, "9.2"]


def test_statistics_are_renewed_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr(version_services, "monotonic", lambda: now_s)
    monkeypatch.setattr(version_services, "_optimizing", version_services._Optimizing())

    def renewed() -> int:
        with CaptureQueriesContext(connection) as queries:
            version_services.optimize()
        return sum("PRAGMA optimize" in query["sql"] for query in queries)

    is_sqlite = int(connection.vendor == "sqlite")
    assert renewed() == 0
    now_s += version_services.OPTIMIZE_FIRST_AFTER_S
    assert renewed() == is_sqlite and renewed() == 0
    now_s += version_services.OPTIMIZE_EVERY_S
    assert renewed() == is_sqlite
