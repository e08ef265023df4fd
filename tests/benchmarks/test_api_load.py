"""Load at a fixed rate: whoever waits is counted from when they came, and what goes wrong is told."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from benchmarks.api_load import Asked, Load, figures, percentile

TAKES_S = 0.05


class _OneAtATime(BaseHTTPRequestHandler):
    """Takes so long for a page; knows only /page/."""

    def do_GET(self) -> None:
        time.sleep(TAKES_S)
        self.send_response(200 if self.path == "/page/" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _OneAtATime)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_time_runs_from_when_a_page_was_due(port: int) -> None:
    """Twice as many come as are served: the last waits for as long as all before it were late."""
    asked, took_s = Load(port, {}, {"page": ["/page/"]}).run(rate=2 / TAKES_S, seconds=0.5)
    assert len(asked) == 20
    assert not any(each.error for each in asked)
    assert took_s >= 20 * TAKES_S
    assert max(each.late_s for each in asked) >= 20 * TAKES_S - 0.5


def test_an_error_is_told_with_its_address(port: int) -> None:
    asked, _took_s = Load(port, {}, {"page": ["/page/"], "other": ["/other/"]}).run(rate=40, seconds=0.1)
    assert [each.error.split(":")[0] for each in asked] == ["", "/other/", "", "/other/"]


def test_figures() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99.0
    asked = [Asked("page", 0.1, ""), Asked("page", 0.4, "/page/: 500")]
    assert figures(asked) == "p50 0.10 s, p95 0.40 s, p99 0.40 s, 1 errors"
