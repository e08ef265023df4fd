"""A program uploads a video to the running product with an access token, over a line that breaks."""

import base64
import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse

import pytest
from playwright.sync_api import Page

from tests.e2e.browser import scrolls_sideways
from tests.product import Product
from tests.waiting import wait_for

CHUNK = 2 * 1024**2
"""More than an address takes from whoever is not known."""
SIZE = 5 * 1024**2 + 3


class Program:
    """What a small uploader does: a request at a time, with the header and nothing else."""

    def __init__(self, product: Product, secret: str) -> None:
        self.port, self.secret = product.port, secret

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[HTTPResponse, bytes]:
        line = HTTPConnection("127.0.0.1", self.port, timeout=20)
        # The server may answer, and close, before it has taken a body that it does not want.
        with suppress(BrokenPipeError):
            line.request(method, path, body, self._headers(headers or {}))
        response = line.getresponse()
        content = response.read()
        line.close()
        return response, content

    def send(self, path: str, offset: int, piece: bytes) -> int:
        kind = "application/offset+octet-stream"
        response, said = self.ask("PATCH", path, {"Upload-Offset": str(offset), "Content-Type": kind}, piece)
        assert response.status == 204, said
        return int(response.headers["Upload-Offset"])

    def break_off(self, path: str, offset: int, piece: bytes) -> None:
        """Announces a piece, sends half of it and hangs up."""
        sent = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        sent |= {"Host": f"127.0.0.1:{self.port}", "Content-Length": str(len(piece))}
        head = [f"PATCH {path} HTTP/1.1", *(f"{name}: {value}" for name, value in self._headers(sent).items())]
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            line.sendall("\r\n".join([*head, "", ""]).encode() + piece[: len(piece) // 2])

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}", "Tus-Resumable": "1.0.0", **headers}


@pytest.fixture
def secret(page: Page, product: Product) -> str:
    """Made as a person makes it."""
    page.goto(f"{product.address}/profile/")
    page.get_by_role("link", name="Access tokens").click()
    page.get_by_role("link", name="New access token").click()
    page.fill("[name=name]", "Upload script")
    page.get_by_role("button", name="Create access token").click()
    made = page.locator("#secret").input_value()
    assert scrolls_sideways(page) == 0
    return made


def test_a_whole_upload_goes_by_token_and_resumes_after_a_break(secret: str, page: Page, product: Product) -> None:
    program, content = Program(product, secret), os.urandom(SIZE)
    name = base64.b64encode(b"from a script.mp4").decode()
    created, said = program.ask(
        "POST", "/videos/uploads/", {"Upload-Length": str(SIZE), "Upload-Metadata": f"filename {name}"}
    )
    assert (created.status, created.headers["Set-Cookie"]) == (201, None), said
    path, video = created.headers["Location"], created.headers["Rollcall-Video"]
    offset = program.send(path, 0, content[:CHUNK])
    program.break_off(path, offset, content[offset : offset + CHUNK])
    resumed = CHUNK + CHUNK // 2
    wait_for(lambda: int(program.ask("HEAD", path)[0].headers["Upload-Offset"]) == resumed, what="what came")
    while resumed < SIZE:
        resumed = program.send(path, resumed, content[resumed : resumed + CHUNK])

    def ended() -> dict[str, object]:
        state: dict[str, object] = json.loads(program.ask("GET", f"/videos/{video}/state/")[1])
        return state if state["is_final"] else {}

    told = wait_for(lambda: ended() or False, what="the end of the check")
    assert told["state"] == "failed" and told["problem"], "these bytes are no video, and it says so"
    page.goto(f"{product.address}/audit/")
    assert "Alice by token Upload script" in page.inner_text("main")


def test_nothing_else_opens_to_a_token(secret: str, page: Page, product: Product) -> None:
    program = Program(product, secret)
    for path in ("/videos/", "/people/", "/datasets/", "/training/", "/profile/tokens/", "/team/", "/audit/"):
        response, _content = program.ask("GET", path)
        assert (response.status, response.headers["Location"].split("?")[0]) == (302, "/sign-in/"), path
    response, _content = program.ask("POST", "/profile/tokens/new/", body=b"name=x")
    assert response.status in (302, 403)
    page.goto(f"{product.address}/profile/tokens/")
    for _ in range(page.get_by_role("button", name="Revoke").count()):
        page.get_by_role("button", name="Revoke").first.click()
        page.get_by_text("no longer work").wait_for()
        page.goto(f"{product.address}/profile/tokens/")
    refused, said = program.ask("POST", "/videos/uploads/", {"Upload-Length": "1"})
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert "revoked" in json.loads(said)["detail"]


def test_a_large_body_is_not_taken_from_a_wrong_token(product: Product, newsroom: str) -> None:
    nobody = Program(product, "rct_guess")
    sent = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    path = "/videos/uploads/00000000-0000-0000-0000-000000000000"
    response, _content = nobody.ask("PATCH", path, sent, bytes(CHUNK))
    assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer")
