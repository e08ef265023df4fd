"""What a drill disturbs: the running product with uploads, analyses, an import and an export, and their results."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import TypeVar

from benchmarks.drill_page import OpenPage
from benchmarks.fairness import video_of
from benchmarks.hostile import states_of
from benchmarks.imports import FORM, create_dataset, make_zip
from benchmarks.visitor import Visitor
from tests.product import Product
from tests.waiting import wait_for

LENGTHS_S = {"first": 9, "second": 12}
PICTURES, PICTURE_SIZE = 300, (320, 240)
PIECE_BYTES = 64 * 1024
WITHIN_S = 300.0
ENDED = ("done", "failed", "cancelled")
AWAY = (OSError, HTTPException, RuntimeError)
"""What a visitor meets while a part of the product is away."""
RESULTS = """
import hashlib, json
from django.db.models import DateTimeField, UUIDField
from webapp.datasets.models import Sample
from webapp.exports.models import Export
from webapp.people.models import Face, Presence, Track
from webapp.team_scope import across_teams
from webapp.videos.models import Video

def digest(name, rows):
    fields = [each for each in rows.model._meta.concrete_fields if not each.primary_key and not each.is_relation
              and not isinstance(each, (DateTimeField, UUIDField)) and not each.name.endswith("key")]
    values = sorted([repr(getattr(row, each.attname)) for each in fields] for row in rows)
    for number, each in enumerate(fields):
        column = json.dumps([row[number] for row in values])
        found[f"{name} {each.name}"] = f"{len(values)} {hashlib.sha256(column.encode()).hexdigest()[:16]}"

found = {}
with across_teams():
    digest("samples", Sample.objects.all())
    for video in Video.objects.filter(deleted_at=None).select_related("current_analysis"):
        found[f"file {video.title}"] = video.sha256
        for model in (Track, Presence, Face):
            digest(f"{model.__name__} {video.title}", model.objects.filter(analysis=video.current_analysis))
    for export in Export.objects.all():
        found["export"] = f"{export.job.status} {export.size_bytes > 0}"
print("RESULTS", json.dumps(found))
"""
Value = TypeVar("Value")


@dataclass
class DrillWork:
    """The product in a folder of its own, its owner, and what is to be done there; `figures` are a drill's findings."""

    folder: Path
    random: Random
    with_import: bool = True
    environment: dict[str, str] = field(default_factory=dict)
    figures: list[tuple[str, float, float | None]] = field(default_factory=list)
    videos: dict[str, str] = field(default_factory=dict)
    """Ids by title."""
    page: OpenPage | None = None
    sent: dict[str, bytes] = field(default_factory=dict)

    def begins_with(self, other: Path) -> None:
        """Takes the data folder of a product that has ended for a beginning."""
        shutil.copytree(other / "data", self.folder / "data", ignore=shutil.ignore_patterns("*.sock"))

    def start(self, port: int | None = None) -> None:
        self.product = Product(self.folder / "data", port, **self.environment)
        wait_for(lambda: "is ready" in self.product.out, within_s=WITHIN_S, what="the start")

    def stop(self) -> None:
        """As Ctrl-C does, with patience for a machine that is busy otherwise."""
        self.product.process.send_signal(signal.SIGINT)
        self.product.process.wait(WITHIN_S)

    def sign_in(self) -> None:
        self.visitor = Visitor(self.product.port)
        self.visitor.become_owner(self.product.owner_link)
        self.visitor.ask("GET", "/videos/")

    @property
    def database(self) -> Path:
        return self.product.data_dir / "rollcall.sqlite3"

    def note(self, what: str, figure: float, most: float | None = None) -> None:
        """Prints a figure; `most` is its target."""
        self.figures.append((what, figure, most))
        target = "" if most is None else f", {'met' if figure <= most else 'MISSED'}: <= {most:g}"
        print(f"  {what}: {figure:.2f}{target}", flush=True)

    def begin(self) -> None:
        """Announces all that is to be sent, before anything is disturbed."""
        self.addresses: dict[str, str] = {}
        for title, length_s in LENGTHS_S.items():
            self.sent[title] = video_of(self.folder, length_s)
            address, self.videos[title] = self.visitor.begin_upload(f"{title}.mp4", len(self.sent[title]))
            self.addresses[title] = address
        if self.with_import:
            self.dataset = create_dataset(self.visitor)
            path = self.folder / "pictures.zip"
            make_zip(path, PICTURES, PICTURE_SIZE)
            self.sent["pictures"] = path.read_bytes()
            fields = {"from": "archive", "expected": "1", "title": path.name}
            address = f"/datasets/{self.dataset}/imports/"
            self.visitor.ask("POST", address, urllib.parse.urlencode(fields).encode(), **FORM)
            size = str(path.stat().st_size)
            headers = {"Tus-Resumable": "1.0.0", "Upload-Length": size, "Upload-Metadata": "filename cC56aXA="}
            answer = self.visitor.ask("POST", json.loads(self.visitor.text)["create"], b"", **headers)
            self.addresses["pictures"] = answer.headers["Location"]

    def send_all(self) -> None:
        """Sends what was announced in small pieces, and asks again for the rest whenever a piece is lost."""
        for title, address in self.addresses.items():
            content, offset, until_s = self.sent[title], 0, time.monotonic() + WITHIN_S
            while offset < len(content):
                if time.monotonic() > until_s:
                    raise RuntimeError(f"{title} does not arrive: {offset} of {len(content)} bytes")
                try:
                    self.visitor.tus("PATCH", address, content[offset : offset + PIECE_BYTES], offset=offset)
                    offset = min(offset + PIECE_BYTES, len(content))
                except AWAY:
                    self.visitor.connection.close()
                    answer = self.patiently(partial(self.visitor.tus, "HEAD", address))
                    offset = int(answer.headers["Upload-Offset"])

    def patiently(self, ask: Callable[[], Value]) -> Value:
        """Returns what `ask` returns once the product answers again."""
        until_s = time.monotonic() + WITHIN_S
        while True:
            try:
                return ask()
            except AWAY:
                self.visitor.connection.close()
                if time.monotonic() > until_s:
                    raise
                time.sleep(0.2)

    def wait_for(self, subject: str, kind: str, *, again: Callable[[], object] | None = None) -> None:
        """Waits until the newest job of a kind is done; `again` starts anew what failed. Raises RuntimeError."""
        until_s = time.monotonic() + WITHIN_S
        while True:
            states = self.patiently(lambda: states_of(self.visitor, subject))
            of_kind = [state for state in states if state["kind"] == kind]
            failed = [state for state in states if state["status"] == "failed"]
            if any(state["status"] == "done" for state in of_kind):
                return
            is_stuck = bool(failed) and all(state["status"] in ENDED for state in states)
            if time.monotonic() > until_s or (is_stuck and again is None):
                raise RuntimeError(f"{kind} of {subject} does not come through: {states}")
            if is_stuck and again is not None:
                self.patiently(again)
            time.sleep(0.1)

    def finish(self, *, tries_again: bool = False) -> None:
        """Waits for the work, makes an export of the first video, and waits for that."""
        for video in self.videos.values():
            address = f"/videos/{video}/analyse/"
            again = partial(self.visitor.ask, "POST", address, b"", **FORM) if tries_again else None
            self.wait_for(video, "analysis", again=again)
        if self.with_import:
            self.wait_for(self.dataset, "import")
        fields = {"kind": "blur", "whom": "everybody", "style": "pixels", "sound": "keep", "margin": "25"}
        fields |= {"video": self.videos["first"], "idempotency_key": "drill" * 5}
        body = urllib.parse.urlencode(fields).encode()
        self.patiently(lambda: self.visitor.ask("POST", "/exports/new/", body, **FORM))
        self.patiently(lambda: self.visitor.ask("GET", "/exports/"))
        self._wait_until_idle()

    def _wait_until_idle(self) -> None:
        until_s = time.monotonic() + WITHIN_S
        while busy := self.rows("SELECT kind, status FROM jobs_job WHERE status IN ('queued', 'running')"):
            if time.monotonic() > until_s:
                raise RuntimeError(f"work does not end: {busy}")
            time.sleep(0.1)

    def rows(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """Reads the product's own database."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30) as connection:
            return connection.execute(question, values).fetchall()

    def results(self) -> dict[str, str]:
        """Returns digests of all that was found and imported, and the SHA-256 of files, compared with what was sent."""
        said = self.product.command("shell", "--no-imports", "-c", RESULTS)
        found: dict[str, str] = json.loads(said.partition("RESULTS ")[2])
        for title in self.videos:
            if found[f"file {title}"] != sha256(self.sent[title]).hexdigest():
                found[f"file {title}"] += ", not what was sent"
        return found

    def verify(self) -> str:
        """Returns the last line of `manage.py verify`. Raises CalledProcessError where it finds a fault."""
        return self.product.command("verify").strip().splitlines()[-1]
