"""People in a running product, whose rows and sessions are made in its database, and the requests that they send."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.fuzz_cases import HANG, SERVER_ERROR, UNWORDED, Missed

if TYPE_CHECKING:
    from tests.webapp.route_things import TeamThings

ANSWER_WITHIN_S = 60
CSRF = "f" * 32
ERRORS = frozenset({500, 501, 502, 504, 505})
"""503 and 507 are said in words: the database is busy, the disk is full."""
MOST_READ_BYTES = 2**22
MOST_TRIES = 5


@contextmanager
def database_of(data_dir: Path) -> Iterator[None]:
    """Sets Django up on a product's data folder, for all teams; once in a process."""
    # What is made here is no work for the product's own workers.
    os.environ |= {"ROLLCALL_DATA_DIR": str(data_dir), "REDIS_URL": "memory://"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
    os.environ.setdefault("ROLLCALL_HOSTS", "testserver,127.0.0.1")
    import django

    django.setup()
    from django.conf import settings

    from webapp.team_scope import across_teams

    # Nobody here listens, and no password is ever asked for.
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with across_teams():
        yield


@dataclass
class WebAnswer:
    """What the product answered, the beginning of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def asks_to_sign_in(self) -> bool:
        return self.status == 302 and "?next=" in self.headers.get("Location", "")


@dataclass
class Sender:
    """Somebody with a session, or nobody, who sends requests, each over a connection of its own."""

    port: int
    session: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> WebAnswer:
        """Raises Missed for an error of the server, for silence, and where it hangs up without a word."""
        sent = {"X-CSRFToken": CSRF, "Cookie": self.cookie()} | dict(headers or {})
        try:
            with ExitStack() as stack:
                answer = self._sent(stack, method, path, body, sent)
                answered = WebAnswer(answer.status, dict(answer.headers), answer.read(MOST_READ_BYTES))
        except TimeoutError as error:
            raise Missed(HANG, f"{method} {path} is not answered in {ANSWER_WITHIN_S} s") from error
        except (ConnectionError, http.client.HTTPException) as error:
            raise Missed(UNWORDED, f"{method} {path}: {error!r}") from error
        if answered.status in ERRORS:
            raise Missed(SERVER_ERROR, f"{answered.status} for {method} {path} {sent} {body[:300]!r}")
        return answered

    def cookie(self) -> str:
        held = {"csrftoken": CSRF} | ({"sessionid": self.session} if self.session else {}) | self.cookies
        return "; ".join(f"{name}={value}" for name, value in held.items())

    def _sent(
        self, stack: ExitStack, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_WITHIN_S)
        stack.callback(connection.close)
        connection.putrequest(method, path, skip_accept_encoding=True)
        if "Content-Length" not in headers and "Transfer-Encoding" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        for name, value in headers.items():
            connection.putheader(name, value.encode("utf-8", "replace"))
        connection.endheaders()
        with suppress(ConnectionError):  # refused before all of it was sent: the answer says why
            connection.send(body)
        return connection.getresponse()


def things_called(word: str) -> TeamThings:
    """Makes a team with one of everything; again where a worker of the product was quicker to take up its work."""
    from tests.webapp.route_things import make_things

    for number in range(MOST_TRIES):
        try:
            return make_things(f"{word}{number}")
        except (AssertionError, ValueError):
            continue
    raise RuntimeError(f"no team can be made in {MOST_TRIES} tries")


def sessions_of(things: TeamThings, port: int) -> dict[str, Sender]:
    """Returns everybody of a team by role, signed in, and proved a moment ago, working in this team; and nobody."""
    from tests.webapp.accounts.proofs import proved
    from webapp.accounts.context_processors import SESSION_KEY

    people = {"anonymous": Sender(port)}
    for role, user in things.users.items():
        session = proved(user, by="mfa").session
        session[SESSION_KEY] = str(things.team.pk)
        session.save()
        people[role] = Sender(port, str(session.session_key))
    return people
