"""Makes the calls of `route_rules.py` as every role, undoes each, and tells what it answered and changed."""

import base64
import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.webapp.route_calls import PARAMETERS, Call
from tests.webapp.route_things import TeamThings
from webapp.accounts.models import User
from webapp.http.problem_formats import is_of_api

PARAMETER = re.compile(r"<\w+:(\w+)>|\(\?P<(\w+)>[^)]*\)")
MARK = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}|(?<!\d)73\d{5}(?!\d)")
"""What may be an id: of 32 hexadecimal digits, or of the numbers that `numbered_from` gives."""
FIRST_NUMBER, LAST_NUMBER = 7_300_000, 7_400_000
WRITES = re.compile(r'(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM) "?(\w+)')
BOOKKEEPING = {"django_session", "usersessions_usersession", "accounts_signincounter"}
"""Written also for those who may nothing, and about nobody else."""
TAKEN_BACK = {"jobs_answeredrequest"}
"""Written before it is known who may, and taken back where they may not."""
AUDIT = "audit_auditentry"
HERE, THERE = "here", "there"
"""The team that is asked about, and the other one."""


def routes(patterns: list[Any] | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yields every route under its whole pattern."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        pattern = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, pattern)
        else:
            yield pattern, each


def parameters(pattern: str) -> list[str]:
    return [converted or grouped for converted, grouped in PARAMETER.findall(pattern)]


def address(pattern: str, values: Mapping[str, str]) -> str:
    """Puts values into a pattern, whatever they are."""
    filled = PARAMETER.sub(lambda found: quote(values[found[1] or found[2]], safe=""), pattern)
    return "/" + filled.replace("^", "").removesuffix("$")


def wished(pattern: str, call: Call) -> dict[str, str]:
    """Returns for each parameter what stands for it: `@kind`, or a text."""
    return {name: call.at.get(name) or PARAMETERS[name] for name in parameters(pattern)}


@dataclass(frozen=True)
class Answer:
    """What came of a call. `told` and `touched`: ids and words of the team here in the answer and in changed rows."""

    status: int
    location: str
    told: frozenset[str]
    touched: frozenset[str]
    written: frozenset[str]
    """Tables, without `BOOKKEEPING`."""
    trouble: str = ""

    @property
    def is_refusal(self) -> bool:
        return self.status in (401, 403, 404) or self.asks_to_sign_in

    @property
    def asks_to_sign_in(self) -> bool:
        return self.status == 302 and "?next=" in self.location


@dataclass
class World:
    """Both teams, the sessions of everybody, and what all tables hold between calls."""

    here: TeamThings
    there: TeamThings
    users: dict[str, User]
    """By role."""
    marks: frozenset[str]
    """All ids of the team here."""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    calls: int = 0
    sessions: dict[tuple[str, str], str] = field(default_factory=dict)
    """By role and the team that they work in."""
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    """The same for programs, of the widest scope: of the team that they work in, or the one they are in."""
    rows: Mapping[str, frozenset[tuple[Any, ...]]] = field(default_factory=dict)
    """By table."""

    def begin(self, sessions: dict[tuple[str, str], str], tokens: dict[tuple[str, str], str]) -> None:
        """Begins a test: everything is as it was when the teams were made, but for these sessions and tokens."""
        tables = set(connection.introspection.django_table_names(only_existing=False)) - BOOKKEEPING
        self.sessions, self.tokens, self.calls = sessions, tokens, 0
        self.rows = {table: rows_of(table) for table in tables}

    def call(
        self,
        call: Call,
        url: str,
        role: str,
        sends: Mapping[str, Any],
        *,
        works_in: str = HERE,
        client: Client | None = None,
        method: str = "",
    ) -> Answer:
        """Makes a call in a transaction that is rolled back."""
        self.calls += 1
        client = client or self.client
        client.cookies = SimpleCookie()
        is_by_token = client is self.client and is_of_api(url)
        secret = self.tokens.get((role, works_in)) if is_by_token else None
        if role != "anonymous" and not is_by_token:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[role, works_in]
        written: set[str] = set()
        with transaction.atomic():
            with noted_writes(written):
                response = request(client, call, method or call.method, url, sends, secret)
                text = f"{response.headers} {content_of(response)}"
            changed = {row for table in written - BOOKKEEPING for row in self.rows[table] ^ rows_of(table)}
            transaction.set_rollback(True)
        return Answer(
            response.status_code,
            response.headers.get("Location", ""),
            self.found(text),
            self.of_rows(changed, sends),
            frozenset(written - BOOKKEEPING - TAKEN_BACK),
            str(response.exc_info[1]) if getattr(response, "exc_info", None) else "",
        )

    def of_rows(self, rows: Collection[tuple[Any, ...]], sends: Any) -> frozenset[str]:
        """Returns what changed rows tell of the team here; the audit log may repeat what was asked."""
        asked = ids_sent(sends)
        return frozenset().union(
            *(self.found(" ".join(map(str, row))) - (asked if row[0] == AUDIT else frozenset()) for row in rows)
        )

    def found(self, text: str) -> frozenset[str]:
        """Returns what a text tells of the team here."""
        lower = text.lower()
        found = self.marks.intersection(mark.replace("-", "") for mark in MARK.findall(lower))
        for known in self.heads():
            if known.lower() in lower:
                found |= {known}
                lower = lower.replace(known.lower(), "")
        return found | ({self.here.word} if self.here.word.lower() in lower else set())

    def heads(self) -> list[str]:
        """Returns what the heads of pages show members of themselves and their team."""
        emails = (user.email for user in self.here.users.values())
        return [self.here.named("team"), self.here.named("person"), *emails]

    def own(self, role: str) -> set[str]:
        """Returns what the head of each page tells a member of themself and their team."""
        if role in ("anonymous", "nobody", "stranger"):
            return set()
        user = self.users[role]
        return {self.here.named("team"), self.here.named("person"), self.here.team.pk.hex, str(user.pk), user.email}


def request(
    client: Client, call: Call, method: str, url: str, sends: Mapping[str, Any], secret: str | None = None
) -> Any:
    headers = dict(call.headers) | ({"Authorization": f"Bearer {secret}"} if secret else {})
    content_type = headers.pop("Content-Type", "application/octet-stream")
    if call.metadata is not None:
        pairs = (f"{name} {base64.b64encode(str(text).encode()).decode()}" for name, text in sends.items())
        headers["Upload-Metadata"] = ",".join(pairs)
        sends = {}
    if method != "GET":
        headers.setdefault("Accept", "application/json")
    if call.is_json and method == call.method:
        text = json.dumps(sends, default=str)
        return client.generic(method, url, text, content_type="application/json", headers=headers)
    if method != "POST" or call.metadata is not None or call.headers:
        given: Any = {"query_params": sends} if method == "GET" else {"data": call.body, "content_type": content_type}
        return client.generic(method, url, headers=headers, **given)
    for file in sends.values():
        if isinstance(file, SimpleUploadedFile):
            file.seek(0)
    return client.post(url, dict(sends), headers=headers)


def content_of(response: Any) -> str:
    content = b"".join(response) if response.streaming else response.content
    return str(content.decode("utf-8", "replace"))


@contextmanager
def noted_writes(tables: set[str]) -> Iterator[None]:
    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if written := WRITES.match(sql):
            tables.add(written[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield


def rows_of(table: str) -> frozenset[tuple[Any, ...]]:
    """Returns all rows of a table, each behind the table's name; a UUID may be text without dashes."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        return frozenset((table, *map(_comparable, row)) for row in cursor.fetchall())


def _comparable(value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return hash(bytes(value))
    return value if isinstance(value, (int, float, str, type(None))) else str(value)


def primary_keys() -> set[str]:
    """Returns the ids of all rows: digits of UUIDs without dashes, and numbers from FIRST_NUMBER on."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        for key in model._base_manager.values_list("pk", flat=True):
            found.add(key.hex if hasattr(key, "hex") and not isinstance(key, (int, float)) else str(key))
    return {key for key in found if MARK.fullmatch(key)}


def number_from(first: int) -> None:
    """Gives new rows of every table numbers from `first` on, so that an id can be told from any other number."""
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table, column = model._meta.db_table, model._meta.pk.column
            if model._meta.auto_field is None or not model._meta.managed:
                continue
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first])
            else:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table, column, first])


def ids_sent(sends: Any) -> set[str]:
    """Returns what an answer may repeat, as it was sent."""
    return {mark.replace("-", "") for mark in MARK.findall(str(sends).lower())}
