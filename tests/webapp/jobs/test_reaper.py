"""The periodic cleanup: what other apps connect runs in each round, whatever happens to one of them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from webapp.jobs import reaper
from webapp.jobs.signals import cleanup_due

pytestmark = pytest.mark.django_db


@pytest.mark.expects_errors
def test_a_cleanup_that_fails_does_not_stop_the_others() -> None:
    rounds = []

    def fails(**_: object) -> None:
        raise OSError

    def counts(**_: object) -> None:
        rounds.append(1)

    receivers = (fails, counts)
    for receiver in receivers:
        cleanup_due.connect(receiver)
    try:
        reaper.reap()
        reaper.reap()
    finally:
        for receiver in receivers:
            cleanup_due.disconnect(receiver)
    assert len(rounds) == 2


def test_a_round_with_nothing_to_do_writes_nothing() -> None:
    reaper.reap()
    with CaptureQueriesContext(connection) as asked:
        reaper.reap()
    assert [query["sql"] for query in asked if query["sql"].split()[0] in ("DELETE", "UPDATE", "INSERT")] == []


def test_every_app_with_a_cleanup_is_connected() -> None:
    connected = {receiver.__module__ for receiver in cleanup_due._live_receivers(None)[0]}
    assert connected >= {
        "webapp.accounts.throttle_services",
        "webapp.audit.cleanup",
        "webapp.videos.cleanup",
        "webapp.datasets.cleanup",
        "webapp.training.cleanup",
        "webapp.training.explanations.cleanup",
        "webapp.recognition.cleanup",
    }
