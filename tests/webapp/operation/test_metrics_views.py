"""Figures for Prometheus: for the operator's token alone, and without anybody's data; what load balancers ask."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests.factories import make_job
from webapp.jobs import health_queries, store_mark_services
from webapp.jobs.models import JobKind, Status

pytestmark = pytest.mark.django_db
TOKEN = "figures for the operator"


def figures(settings: Any) -> dict[tuple[str, ...], float]:
    settings.METRICS_TOKEN = TOKEN
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    # By name and values of labels, these in the order of their names.
    families = text_string_to_metric_families(response.content.decode())
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


@pytest.mark.parametrize(
    ("token", "sent", "status"), [("", "", 404), ("", TOKEN, 404), (TOKEN, "", 401), (TOKEN, "x", 401)]
)
def test_nobody_reads_figures_without_the_token(token: str, sent: str, status: int, settings: Any) -> None:
    settings.METRICS_TOKEN = token
    assert Client().get("/metrics", headers={"Authorization": f"Bearer {sent}"}).status_code == status


def test_what_waits_and_what_failed_is_counted(settings: Any) -> None:
    now = timezone.now()
    make_job(kind=JobKind.CHECK, queued_at=now - timedelta(seconds=90))
    make_job(kind=JobKind.EXPLAIN, queued_at=now - timedelta(seconds=10))
    ended: dict[str, Any] = {"started_at": now - timedelta(seconds=40), "finished_at": now - timedelta(seconds=10)}
    make_job(kind=JobKind.SEGMENT, status=Status.DONE, **ended)
    make_job(kind=JobKind.SEGMENT, status=Status.FAILED, error_code="no_video", **ended)
    make_job(kind=JobKind.TRAIN, status=Status.FAILED, error_code="old", finished_at=now - timedelta(days=2))
    found = figures(settings)
    assert found["rollcall_jobs", "checks", "queued"] == 2
    assert found["rollcall_jobs", "analysis", "failed"] == 1
    assert 90 <= found["rollcall_oldest_wait_seconds", "checks"] < 120
    assert found["rollcall_oldest_wait_seconds", "media"] == 0
    assert found["rollcall_work_seconds_of_last_day", "segment"] == pytest.approx(60)
    assert found["rollcall_failures_of_last_day", "no_video", "segment"] == 1
    assert ("rollcall_failures_of_last_day", "old", "train") not in found
    assert found["rollcall_part_works", "worker checks"] == 0, "nobody takes what has waited for so long"
    assert found["rollcall_part_works", "worker media"] == 1
    assert found[("rollcall_disk_free_bytes",)] > 0


def test_a_process_says_that_it_lives_without_asking_anybody(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/health/live").status_code == 200


def test_ready_says_part_by_part_what_works(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> None:
    monkeypatch.setattr(store_mark_services, "trouble_in_words", lambda: None)
    response = Client().get("/health/ready")
    assert response.status_code == 200, response.json()
    parts = ["database", "queue", "store", "worker checks", "worker media", "worker analysis", "worker training"]
    assert [*response.json()] == parts
    monkeypatch.setattr(store_mark_services, "trouble_in_words", lambda: "the path /srv/secret is away")
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    make_job(kind=JobKind.WEB_COPY, queued_at=timezone.now() - timedelta(seconds=health_queries.UNSERVED_AFTER_S + 1))
    response = Client().get("/health/ready")
    assert response.status_code == 503
    assert {name: part["words"] for name, part in response.json().items() if not part["ok"]} == {
        "queue": "does not answer",
        "store": "cannot be used",
        "worker media": "takes no work",
    }


@pytest.mark.expects_errors
def test_ready_answers_while_the_database_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", broken)
    response = Client().get("/health/ready")
    assert response.status_code == 503
    assert [name for name, part in response.json().items() if part["ok"]] == ["queue"]
