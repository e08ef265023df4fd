"""The web server itself: whom it believes, and for how long it waits."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from django.core.exceptions import ImproperlyConfigured

from tests.waiting import wait_for
from webapp import env
from webapp.supervisor import connection, web

PROJECT = Path(__file__).parents[3]


async def says_who_asks(scope: Any, receive: Any, send: Any) -> None:
    body = json.dumps({"client": scope["client"][0], "scheme": scope["scheme"]}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def serve() -> Iterator[Callable[[], int]]:
    """Starts the server with its real configuration and a small application; returns its port."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def serve() -> int:
        config = web.config()
        config.app = says_who_asks
        server, listener = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        servers.append((server, thread))
        port: int = listener.getsockname()[1]
        return port

    yield serve
    for server, thread in servers:
        server.should_exit = True
        thread.join(10)


def asked(port: int, **headers: str) -> dict[str, str]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer: dict[str, str] = json.loads(client.getresponse().read())
    client.close()
    return answer


FORGED = {"X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "https"}


def test_nobody_is_believed_unless_named(serve: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROLLCALL_PROXIES", raising=False)
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert asked(serve(), **FORGED) == {"client": "127.0.0.1", "scheme": "http"}


def test_a_named_proxy_is_believed(serve: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_PROXIES", "127.0.0.0/8, ::1")
    assert asked(serve(), **FORGED) == {"client": "203.0.113.9", "scheme": "https"}
    chain = {"X_Forwarded_For": "198.51.100.1, 203.0.113.9, 127.0.0.2"}
    assert asked(serve(), **chain)["client"] == "203.0.113.9", "what a visitor wrote in front is not believed"


def test_another_machine_than_the_proxy_is_not_believed(
    serve: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLCALL_PROXIES", "192.0.2.7")
    assert asked(serve(), **FORGED) == {"client": "127.0.0.1", "scheme": "http"}


@pytest.mark.parametrize("value", ["*", "proxy.example.org", "10.0.0.1/8", "1.2.3"])
def test_what_is_no_address_is_refused_by_name(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_PROXIES", value)
    with pytest.raises(ImproperlyConfigured, match="ROLLCALL_PROXIES"):
        env.networks("ROLLCALL_PROXIES")


def test_a_head_that_does_not_come_ends_the_connection(
    serve: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether nothing comes, or a byte now and then, or the head of a second request."""
    monkeypatch.setattr(connection, "HEADERS_WITHIN_S", 1.0)
    port = serve()
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    for first in (b"", whole[:9], whole + whole[:9]):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(first)
            began = time.monotonic()
            assert closes(client, drip=b"X" if first else b"")
            assert 0.5 < time.monotonic() - began < 4


def test_a_body_that_goes_on_after_the_answer_keeps_no_connection(serve: Callable[[], int]) -> None:
    with socket.create_connection(("127.0.0.1", serve()), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
        began = time.monotonic()
        assert closes(client, drip=b"X")
        assert time.monotonic() - began < 3


def test_a_server_that_goes_down_waits_for_no_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sender is told by the closed connection, and what has come is noted before the time for that is up."""
    monkeypatch.setattr(connection, "REST_WITHIN_S", 0.2)
    got: list[str] = []

    async def takes_all(scope: Any, receive: Any, send: Any) -> None:
        while got[-1:] != ["http.disconnect"]:
            got.append((await receive())["type"])

    config = web.config()
    config.app = takes_all
    server, listener = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    with socket.create_connection(listener.getsockname(), timeout=10) as client:
        client.sendall(b"PATCH / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        wait_for(lambda: got, what="the first bytes")
        server.should_exit = True
        assert closes(client, drip=b"")
        thread.join(10)
    assert got[-1] == "http.disconnect"


def closes(client: socket.socket, drip: bytes) -> bool:
    client.settimeout(0.2)
    for _ in range(40):
        try:
            if client.recv(4096) == b"":
                return True
        except TimeoutError:
            pass
        except ConnectionResetError:
            return True
        if drip:
            try:
                client.sendall(drip)
            except OSError:
                return True
    return False


def check_deploy(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--tag", "security", "--fail-level", "WARNING"]
    clean = {"ROLLCALL_SECRET_KEY": "k" * 25 + "abcdefghijklmnopqrstuvwxyz", "ROLLCALL_HOSTS": "rollcall.example.org"}
    return subprocess.run(
        command, cwd=PROJECT, env={**clean, **environment}, capture_output=True, text=True, check=False
    )


def test_django_finds_nothing_to_improve_behind_https(tmp_path: Path) -> None:
    done = check_deploy(ROLLCALL_HTTPS="yes", ROLLCALL_PROXIES="127.0.0.1", ROLLCALL_DATA_DIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("place", ["127.0.0.1:0", "[::1]:0"])
def test_the_server_opens_its_own_socket_where_none_is_handed_over(place: str) -> None:
    before = os.umask(0o022)
    try:
        with web._listener(place) as listener:
            assert listener.getsockname()[0] == place.rpartition(":")[0].strip("[]")
        assert os.umask(0o022) == 0o077, "files are for their owner only"
    finally:
        os.umask(before)
