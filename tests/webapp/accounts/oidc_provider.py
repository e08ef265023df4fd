"""A small OpenID Connect provider on loopback, which vouches for whomever the test names."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

CLIENT_ID, SECRET = "rollcall", "a secret between the two"
NOBODY_CHECKS = "the token comes straight from the provider, so that its signature is not looked at"


class OidcProvider:
    """`claims` are what it says of the person; what it was asked for is in `asked`."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "1", "email": "vera@example.org", "email_verified": True, "name": "Vera"}
        self.token_claims: dict[str, Any] = {}
        self.challenge = ""
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def authorize(self, url: str) -> dict[str, str]:
        """Does what the provider's own pages would: returns what it sends back with the person."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["client_id"] == CLIENT_ID and set(asked["scope"].split()) == {"openid", "profile", "email"}
        self.challenge = asked["code_challenge"]
        return {"code": "a code", "state": asked["state"]}

    def _answer(self, path: str, fields: dict[str, list[str]]) -> dict[str, Any] | None:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            ends = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
            methods = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
            return {"issuer": self.issuer, **methods} | {name: f"{self.issuer}/{name}" for name in ends}
        if path == "/token_endpoint":
            digest = hashlib.sha256(fields["code_verifier"][0].encode()).digest()
            assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge
            assert fields["client_secret"] == [SECRET]
            now = int(time.time())
            base = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 60, "sub": self.claims["sub"]}
            token = jwt.encode(base | self.token_claims, NOBODY_CHECKS, algorithm="HS256", headers={"kid": "1"})
            return {"access_token": "access", "token_type": "Bearer", "id_token": token}
        return self.claims if path == "/userinfo_endpoint" else None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._respond({})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._respond(parse_qs(body))

            def _respond(self, fields: dict[str, list[str]]) -> None:
                answer = provider._answer(urlsplit(self.path).path, fields)
                self.send_response(404 if answer is None else 200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler


@contextmanager
def running() -> Iterator[OidcProvider]:
    provider = OidcProvider()
    thread = threading.Thread(target=provider.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
