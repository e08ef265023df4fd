"""Search: milliseconds for one face among a million vectors, and for names among 60,000 people and 2 million faces.

`python -m benchmarks search [--people 60000] [--faces 2000000] [--keep FOLDER]` makes rows like `many_people` (SQLite,
or the database of DATABASE_URL), gives nine of ten people a name, and asks the box and the page as a viewer does.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from analysis.faces.search import Gallery, compact, similarities
from analysis.types import Float32
from benchmarks.many_people import filled_product, one_round
from benchmarks.shared import say

SIZE, USED = 192, 64
PEOPLE = 60_000
PER_PERSON = 6
ROUNDS = 9
GIVEN = ("Anna", "Ben", "Chloé", "David", "Élodie", "François", "Greta", "李四", "Tomas", "王芳", "Zoë")
FAMILY = ("Berger", "Müller", "Dupont", "García", "Łuk", "Novak", "Ørsted", "Smith", "中村", "Yilmaz")
TEXTS = ("tom", "a", "elodie", "zs", "tom and elodie", "tom elodie", "Person 30000", "nobody at all")
"""One letter is in most names; the last is in none."""


def unit_rows(count: int, seed: int) -> Float32:
    """Returns vectors like those of MobileFaceNet: 192 numbers that lie in 64 dimensions."""
    rows = np.random.default_rng(seed).standard_normal((count, USED), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    directions = np.linalg.qr(np.random.default_rng(0).standard_normal((SIZE, USED)))[0].astype(np.float32)
    turned: Float32 = rows @ directions.T
    return turned


def best_ms(work: Callable[[], object], rounds: int = 15) -> float:
    """Returns the time of the fastest round: other programs only ever slow it down."""
    took = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        took.append((time.perf_counter() - begin) * 1000)
    return min(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--faces", type=int, default=2_000_000)
    parser.add_argument("--keep", type=Path, help="folder for the database, used again by the next run")
    args = parser.parse_args()
    search_vectors(args.vectors)
    with filled_product(args.people, args.faces, args.keep):
        search_names()


def search_vectors(count: int) -> None:
    rows = unit_rows(count, 1)
    face = unit_rows(1, 2)
    everything = rows @ face[0]
    alone = compact(Gallery(rows, np.arange(count)))
    error = float(np.abs(similarities(alone, face)[:, 0] - everything).max())
    say("largest difference to multiplying everything", error, "< 0.001", digits=6)
    say(f"one face among {count} views, ms", best_ms(lambda: similarities(alone, face)), "< 50", digits=1)
    say("  by multiplying everything, ms", best_ms(lambda: rows @ face[0]), "none", digits=1)
    known = compact(Gallery(rows[: PEOPLE * PER_PERSON], np.arange(0, PEOPLE * PER_PERSON, PER_PERSON)))
    took = best_ms(lambda: similarities(known, face))
    say(f"one face among {PEOPLE} people with {PER_PERSON} views each, ms", took, "< 50", digits=1)


def search_names() -> None:
    """Prints the time of a whole request, and what of it the database takes."""
    from django.test import Client

    from webapp.accounts.models import User

    _name_people()
    client = Client()
    client.force_login(User.objects.get())
    for text in TEXTS:
        for what, path in (("box", "/search/options/"), ("page", "/search/")):
            address = f"{path}?{urlencode({'q': text})}"
            assert client.get(address).status_code == 200
            rounds = [one_round(client, address) for _ in range(ROUNDS)]
            took, _cpu, database = zip(*rounds, strict=True)
            title = f"{what} for “{text}”, ms (in the database {min(database):.1f})"
            say(title, min(took), "< 100", digits=1)


def _name_people() -> None:
    """Names all but each tenth person; surnames make each name the only one of its kind."""
    from django.db import transaction

    from webapp.people.models import Person

    if Person.objects.filter(name="Tom Berger").exists():
        return
    people = list(Person.objects.order_by("number"))
    for person in people:
        number = person.number
        given, family = GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) % len(FAMILY)]
        person.name = "" if number % 10 == 0 else f"{given} {family}{number // (len(GIVEN) * len(FAMILY)) or ''}"
    people[0].name, people[1].name, people[2].name = "Tom Berger", "Élodie Dupont", "张三"
    with transaction.atomic():
        for person in people:
            person.save(update_fields=["name", "folded_name", "pinyin"])


if __name__ == "__main__":
    main()
