"""A visitor of the running product: creates the owner by the one-time link and uploads by tus."""

from __future__ import annotations

import base64
import http.client
import itertools
import re
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path

from tests.product import Product

CHUNK_BYTES = 8 * 1024**2
KEPT_OPEN_S = 2.0
Content = bytes | Iterator[bytes]
EMAIL, PASSWORD = "owner@example.org", "a long enough phrase"
HIDDEN_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@dataclass
class Visitor:
    """An HTTP client that keeps cookies and one connection, as a browser does."""

    port: int
    cookies: SimpleCookie = field(default_factory=SimpleCookie)
    last_s: float = 0.0
    text: str = ""

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] = b"", **headers: str
    ) -> http.client.HTTPResponse:
        """Sends a request and returns the response; `text` holds its body. Raises RuntimeError from status 400."""
        sent = {"Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())}
        if "csrftoken" in self.cookies:
            sent["X-CSRFToken"] = self.cookies["csrftoken"].value
        if time.monotonic() - self.last_s > KEPT_OPEN_S:
            self.connection.close()  # the server has hung up on an idle visitor
        self.connection.request(method, path, body, sent | headers)
        answer = self.connection.getresponse()
        self.text = answer.read().decode(errors="replace")
        self.last_s = time.monotonic()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self.cookies.load(cookie)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {self.text[:300]}")
        return answer

    def become_owner(self, link: str) -> None:
        path = urllib.parse.urlsplit(link).path
        self.ask("GET", path)
        token = HIDDEN_TOKEN.search(self.text)
        assert token, self.text
        fields = {"csrfmiddlewaretoken": token[1], "name": "Owner", "team": "Newsroom"}
        fields |= {"email": EMAIL, "password": PASSWORD}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self.ask("POST", path, urllib.parse.urlencode(fields).encode(), **headers)

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.ask("GET", "/sign-in/")
        token = HIDDEN_TOKEN.search(self.text)
        assert token, self.text
        fields = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], "username": email, "password": password})
        self.ask("POST", "/sign-in/", fields.encode(), **{"Content-Type": "application/x-www-form-urlencoded"})
        self.ask("GET", "/videos/")

    def begin_upload(self, name: str, size_bytes: int) -> tuple[str, str]:
        """Begins an upload and returns its address and the id of the video."""
        metadata = ",".join(
            f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in {"filename": name}.items()
        )
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size_bytes), "Upload-Metadata": metadata}
        answer = self.ask("POST", "/videos/uploads/", b"", **headers)
        return answer.headers["Location"], answer.headers["Rollcall-Video"]

    def tus(self, method: str, address: str, content: Content = b"", **more: int) -> http.client.HTTPResponse:
        """Asks at an upload's address; `offset` and `length` say where the content belongs and how long it is."""
        headers = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
        names = {"offset": "Upload-Offset", "length": "Content-Length"}
        return self.ask(method, address, content, **headers, **{names[key]: str(value) for key, value in more.items()})

    def send(self, address: str, chunks: Iterator[bytes], size_bytes: int = 0, piece_bytes: int = CHUNK_BYTES) -> None:
        """Sends a file in requests of so many bytes, whole chunks; 0: in one, of `size_bytes`."""
        if not piece_bytes:
            self.tus("PATCH", address, chunks, offset=0, length=size_bytes)
            return
        offset = 0
        while piece := b"".join(itertools.islice(chunks, piece_bytes // CHUNK_BYTES)):
            self.tus("PATCH", address, piece, offset=offset)
            offset += len(piece)


@contextmanager
def owned_product(data_dir: Path, **environment: str) -> Iterator[tuple[Product, Visitor]]:
    """Starts the product on a new data folder, and yields it with its owner, who has opened the library."""
    product = Product(data_dir, None, **environment)
    try:
        product.wait_until_ready()
        visitor = Visitor(product.port)
        visitor.become_owner(product.owner_link)
        visitor.ask("GET", "/videos/")
        yield product, visitor
    finally:
        product.stop()
