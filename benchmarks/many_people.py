"""The pages of people with 60,000 people and 2 million faces: queries and milliseconds of each page.

`python -m benchmarks many_people [--people 60000] [--faces 2000000] [--keep FOLDER]` generates the rows (SQLite in a
scratch folder, or the database of DATABASE_URL) and requests each page as a signed-in admin. The first response of
each, which fills caches, is not measured.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

ROUNDS = 9
VIDEOS = 400
BATCH = 20_000
SUGGESTIONS = 5_000
PAGE_MS, COMPARES_MS = 200, 3_000
"""Targets: of a page, and of the one that an admin opens to compare thousands of appearances with one another."""
BUSY = 10_000
"""Appearances of one person who is everywhere."""

COMPARED = 20
"""Usual people whose summaries are made a second time, by the product."""

SERIES = "(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < %s - 1) SELECT n FROM s)"
TRACKS = f"""
INSERT INTO people_track (analysis_id, segment_id, person_id, joined_to_id, start_s, end_s, samples, reaches_start,
    reaches_end, seen)
SELECT g.analysis_id, g.id, p.id, NULL, (p.number * 13 + v.n * 50) % 3500, (p.number * 13 + v.n * 50) % 3500 + 4,
    %s, FALSE, FALSE, %s
FROM people_person p CROSS JOIN {SERIES} v
JOIN (SELECT id, analysis_id, row_number() OVER (ORDER BY id) - 1 AS place FROM videos_segment) g
    ON g.place = (p.number * 7 + v.n) % %s
WHERE p.number <= %s
""".replace(") % 3500", ") %% 3500").replace("v.n) % %s", "v.n) %% %s")
PRESENCES = """
INSERT INTO people_presence (analysis_id, person_id, appearances, screen_s)
SELECT analysis_id, person_id, COUNT(*), COUNT(*) * 4.0 FROM people_track GROUP BY analysis_id, person_id
"""
SUMMARIES = """
UPDATE people_person SET appearances = s.appearances, videos = s.videos, screen_s = s.screen_s,
    first_seen_at = s.first_seen_at, last_seen_at = s.last_seen_at, portrait_id = (
        SELECT f.id FROM people_track t JOIN people_face f ON f.track_id = t.id
        WHERE t.person_id = people_person.id ORDER BY f.quality DESC, f.id LIMIT 1)
FROM (
    SELECT p.person_id, SUM(p.appearances) AS appearances, COUNT(*) AS videos, SUM(p.screen_s) AS screen_s,
        MIN(v.created_at) AS first_seen_at, MAX(v.created_at) AS last_seen_at
    FROM people_presence p JOIN videos_video v ON v.current_analysis_id = p.analysis_id GROUP BY p.person_id) s
WHERE s.person_id = people_person.id
"""
"""What `summary_services.refresh` stores where no two appearances in a video overlap: for all but the busiest."""
BEST_FACES = """
SELECT person_id, id FROM (
    SELECT t.person_id, f.id, row_number() OVER (PARTITION BY t.person_id ORDER BY f.id) AS place
    FROM people_face f JOIN people_track t ON t.id = f.track_id
    WHERE f.quality > (SELECT MAX(quality) FROM people_face) - 0.01) best
WHERE place <= %s ORDER BY person_id, place
"""
FACES = f"""
INSERT INTO people_face (id, analysis_id, track_id, time_s, x1, y1, x2, y2, score, quality, embedding, picture_key,
    preliminary_group)
SELECT {{new_id}}, t.analysis_id, t.id, t.start_s, 0, 0, 9, 9, 0.9, 0.3 + 0.1 * v.n, %s, 'none', NULL
FROM people_track t CROSS JOIN {SERIES} v
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=60_000)
    parser.add_argument("--faces", type=int, default=2_000_000)
    parser.add_argument("--keep", type=Path, help="folder for the database, used again by the next run")
    args = parser.parse_args()
    with filled_product(args.people, args.faces, args.keep):
        _measure()


@contextmanager
def filled_product(people: int, faces: int, keep: Path | None) -> Iterator[None]:
    """Sets Django up on a database with so many rows, in `keep`, where an earlier run may have made them."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        set_up_product(folder)
        from webapp.team_scope import across_teams

        with across_teams():
            _fill(people, faces)
            yield


def set_up_product(folder: Path) -> None:
    """Sets Django up on the database of a folder, or that of DATABASE_URL, to ask pages; once in a process."""
    os.environ |= {
        "ROLLCALL_DATA_DIR": str(folder),
        "ROLLCALL_SECRET_KEY": "for measuring",
        "ROLLCALL_HOSTS": "testserver",
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
    }
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    # Nothing is asked of Valkey here but to count requests, which goes on without it.
    logging.getLogger("webapp.accounts.request_budget_services").setLevel(logging.ERROR)
    call_command("migrate", verbosity=0)


def _fill(people: int, faces: int) -> None:
    """Fills the database, unless an earlier run in the same folder has."""
    from django.db import connection, transaction

    from webapp.people.models import Face, Person, Suggestion

    begin = time.perf_counter()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # else two million random keys are looked up on the disk
            cursor.execute("PRAGMA cache_size = -500000")
    if not Suggestion.objects.exists():
        tracks_of_each = max(faces // people // 4, 1)
        with transaction.atomic():
            _rows(people, tracks_of_each, max(faces // (people * tracks_of_each), 1))
            _summaries()
            _reference_sets()
            _suggestions(people)
    end_filling()
    count, took_s = Face.objects.count(), time.perf_counter() - begin
    print(f"{Person.objects.count()} people, {count} faces; made in {took_s:.0f} s", flush=True)


def end_filling() -> None:
    """Leaves the database as the product has it after a day: nothing in the log, statistics in PostgreSQL."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")  # as its own housekeeping does within a minute; SQLite has to do without
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()  # what was set for filling goes with it


def _rows(people: int, tracks_of_each: int, faces_of_each: int) -> None:
    """Inserts the rows: person n appears in videos 7 n, 7 n + 1, ...; the first `BUSY` times more."""
    import numpy as np
    from django.db import connection

    from webapp.accounts.models import Membership, Team, User
    from webapp.people import sample_codec
    from webapp.people.models import Person

    team = Team.objects.create(name="Many")
    Membership.objects.create(team=team, user=User.objects.create(email="a@example.org"), role="owner")
    _videos(team)
    made = [
        Person(team=team, number=number, hue=number % 12, name=f"Name {number}" if number % 3 == 0 else "")
        for number in range(1, people + 1)
    ]
    Person.objects.bulk_create(made, batch_size=BATCH)
    vector = sample_codec.pack_vector((np.random.default_rng(1).standard_normal(192) / 14).astype(np.float32))
    seen = sample_codec.pack_spans([(0.0, 4.0)], 0.0)
    new_id = "lower(hex(randomblob(16)))" if connection.vendor == "sqlite" else "gen_random_uuid()"
    with connection.cursor() as cursor:
        cursor.execute(TRACKS, [b"", seen, tracks_of_each, VIDEOS, people])
        cursor.execute(TRACKS, [b"", seen, BUSY, VIDEOS, 1])
        cursor.execute(FACES.format(new_id=new_id), [vector, faces_of_each])
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")  # without, the next statements go through all faces for each person


def _summaries() -> None:
    """Stores what people's pages read, by three statements; some people's are compared with what the product stores."""
    from django.db import connection

    from webapp.people import summary_services
    from webapp.people.models import Person, Presence

    with connection.cursor() as cursor:
        cursor.execute(PRESENCES)
        cursor.execute(SUMMARIES)
    columns = ("number", "appearances", "videos", "screen_s", "first_seen_at", "last_seen_at", "portrait")
    some = Person.objects.filter(number__in=range(2, 2 + COMPARED)).order_by("number")
    present = Presence.objects.filter(person__in=some).order_by("pk")
    made = list(some.values_list(*columns)), list(present.values())
    summary_services.refresh(list(Person.objects.filter(number__lt=2 + COMPARED).values_list("pk", flat=True)))
    assert (list(some.values_list(*columns)), list(present.values())) == made, "SQL and the product part"


def _reference_sets() -> None:
    """Stores everybody's templates. All faces have one vector, so what the product makes of one person's is all's."""
    from django.db import connection

    from webapp.people import gallery_services
    from webapp.people.models import Person, ReferenceSet

    usual = Person.objects.get(number=2)
    gallery_services.refresh([usual.pk])
    made = ReferenceSet.objects.get(person=usual)
    with connection.cursor() as cursor:
        cursor.execute(BEST_FACES, [made.count])
        best = cursor.fetchall()
    face_ids: dict[Any, list[str]] = {}
    for person, face in best:
        face_ids.setdefault(Person._meta.pk.to_python(person), []).append(str(Person._meta.pk.to_python(face)))
    del face_ids[usual.pk]
    shared = {name: getattr(made, name) for name in ("team_id", "embedder", "count", "vectors", "quality")}
    rows = [ReferenceSet(person_id=person, face_ids=ids, **shared) for person, ids in face_ids.items()]
    ReferenceSet.objects.bulk_create(rows, batch_size=BATCH)


def _videos(team: Any) -> None:
    from django.utils import timezone

    from webapp.jobs.models import Job
    from webapp.videos.models import Analysis, Segment, Video

    for number in range(VIDEOS):
        video = Video.objects.create(team=team, title=f"Video {number}", file_name="v.mp4", duration_s=3600)
        jobs = [
            Job.objects.create(team=team, kind=kind, subject_id=video.pk, status="done", finished_at=timezone.now())
            for kind in ("analysis", "segment")
        ]
        analysis = Analysis.objects.create(video=video, job=jobs[0], thoroughness="fast", embedder="mobilefacenet_192")
        Video.objects.filter(pk=video.pk).update(current_analysis=analysis, current_job=jobs[0])
        Segment.objects.create(analysis=analysis, job=jobs[1], index=0, start_s=0, end_s=3600)


def _suggestions(people: int) -> None:
    """Suggests for each of the first 5,000 people that they are the next one."""
    from webapp.people.models import Person, Suggestion

    asked = list(Person.objects.order_by("number")[: min(SUGGESTIONS, people - 1) + 1])
    rows = [
        Suggestion(team_id=second.team_id, first=first, second=second, likeness=0.45 + first.number % 50 / 400)
        for second, first in pairwise(asked)
    ]
    Suggestion.objects.bulk_create(rows, batch_size=BATCH)


def _measure() -> None:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from webapp.accounts.models import User

    client = Client()
    client.force_login(User.objects.get())
    for name, address in _pages():
        with CaptureQueriesContext(connection) as captured:
            response = client.get(address)
        queries = len(captured)
        assert response.status_code == 200, (address, response.status_code)
        rounds = [one_round(client, address) for _ in range(ROUNDS)]
        took, cpu, database = zip(*rounds, strict=True)
        target_ms = COMPARES_MS if "strictness" in name else PAGE_MS
        print(
            f"{name:44s} {queries:3d} queries  {min(took):6.1f} ms at best  {statistics.median(took):6.1f} usually"
            f"  processor {min(cpu):6.1f}, waiting for queries {min(database):6.1f}   target < {target_ms}",
            flush=True,
        )


def one_round(client: Any, address: str) -> tuple[float, float, float]:
    """Returns milliseconds: in total, of CPU time, and of waiting for queries."""
    from django.db import connection

    spent = 0.0

    def timed(execute: Any, *args: Any) -> Any:
        nonlocal spent
        begin = time.perf_counter()
        try:
            return execute(*args)
        finally:
            spent += time.perf_counter() - begin

    begin, begin_cpu = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(timed):
        client.get(address)
    return (time.perf_counter() - begin) * 1000, (time.process_time() - begin_cpu) * 1000, spent * 1000


def _pages() -> list[tuple[str, str]]:
    from webapp.people.models import Person

    busiest = Person.objects.order_by("-appearances").first()
    usual = Person.objects.order_by("appearances", "number").first()
    assert busiest is not None and usual is not None
    return [
        ("people, first page", "/people/"),
        ("people, page 500", "/people/?page=500"),
        ("people, search", "/people/?q=Name%2059"),
        ("people, show and hide", "/people/?mode=hide"),
        ("names that fit while typing", "/people/suggest/?q=59"),
        (f"person with {busiest.appearances} appearances", f"/people/{busiest.pk}/"),
        (f"person with {usual.appearances} appearances", f"/people/{usual.pk}/"),
        ("review", "/people/review/"),
        ("library", "/videos/"),
        ("library, with two people", f"/videos/?person={busiest.pk}&person={usual.pk}"),
        ("whom to merge with (compares with everybody)", f"/people/{usual.pk}/merge/"),
        ("matching strictness (compares named people)", "/people/strictness/"),
    ]


if __name__ == "__main__":
    main()
