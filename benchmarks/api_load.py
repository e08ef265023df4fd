"""Pages at a fixed rate beside an analysis and an import: how late each answer is, on the real product.

`python -m benchmarks api_load [--rate 30] [--seconds 60] [--most 0.5] [--alone] [--scratch DIR]`; exits 1 where the
99th percentile is later, an answer is an error, or the work had ended before the last page. Requests are sent when
they are due, however many wait, and late is counted from then: whoever comes while the server stands still waits, too.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import math
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from benchmarks.first_face import long_video
from benchmarks.hostile import states_of
from benchmarks.imports import chunks_of, create_dataset, make_zip, send_zip
from benchmarks.visitor import Visitor, owned_product
from tests.e2e.seeding_process import in_product
from tests.product import Product

VIDEOS, PEOPLE, PICTURES, MINUTES = 200, 300, 10_000, 15
AT_ONCE = 100
"""So many requests may be under way; a further one waits, and its time runs."""
BEGINS_WITHIN_S = 300
OPENED = 20
"""So many of the videos and people have their pages asked for, in turn."""
MANY = "1000000"


@dataclass(frozen=True, slots=True)
class Asked:
    """One page: how late its last byte came after it was due, in seconds, and what went wrong."""

    kind: str
    late_s: float
    error: str


def make(wish: dict[str, Any]) -> dict[str, list[str]]:
    """Fills the one team of a product that runs; returns ids of its videos and people."""
    from benchmarks.library import fill_team
    from webapp.accounts.models import Team
    from webapp.people.models import Person
    from webapp.videos.models import Video

    fill_team(Team.objects.get(), wish["videos"], wish["people"], at_work=0)
    videos = Video.objects.order_by("pk").values_list("pk", flat=True)[:OPENED]
    people = Person.objects.order_by("number").values_list("pk", flat=True)[:OPENED]
    return {"videos": [str(key) for key in videos], "people": [str(key) for key in people]}


def pages(ids: dict[str, list[str]], dataset: str) -> dict[str, list[str]]:
    """Returns addresses by kind."""
    return {
        "library": ["/videos/", "/videos/?page=2", "/videos/?sort=title"],
        "video": [f"/videos/{key}/" for key in ids["videos"]],
        "people": ["/people/", "/people/?page=2"],
        "person": [f"/people/{key}/" for key in ids["people"]],
        "datasets": ["/datasets/"],
        "dataset": [f"/datasets/{dataset}/"],
    }


@dataclass
class Load:
    """Asks for pages of all kinds in turn, by as many connections as are needed, as one person who is signed in."""

    port: int
    cookies: dict[str, str]
    addresses: dict[str, list[str]]
    _own: threading.local = field(default_factory=threading.local)

    def run(self, rate: float, seconds: float) -> tuple[list[Asked], float]:
        """Returns what was asked, and the seconds until the last answer."""
        turns = itertools.cycle([(kind, itertools.cycle(found)) for kind, found in self.addresses.items()])
        began_s = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            coming = []
            for number in range(int(rate * seconds)):
                due_s = began_s + number / rate
                time.sleep(max(0.0, due_s - time.monotonic()))
                kind, addresses = next(turns)
                coming.append(pool.submit(self.ask, kind, next(addresses), due_s))
            asked = [each.result() for each in coming]
        return asked, time.monotonic() - began_s

    def ask(self, kind: str, address: str, due_s: float) -> Asked:
        visitor: Visitor | None = getattr(self._own, "visitor", None)
        if visitor is None:
            visitor = self._own.visitor = Visitor(self.port, SimpleCookie(self.cookies))
        error = ""
        try:
            status = visitor.ask("GET", address).status
            error = "" if status == 200 else f"{address}: {status}"
        except (OSError, RuntimeError, http.client.HTTPException) as failed:
            error = f"{address}: {failed!r}"[:200]
            visitor.connection.close()
        return Asked(kind, time.monotonic() - due_s, error)


def percentile(late_s: Sequence[float], share: float) -> float:
    """Returns the least time within which this share of the answers came."""
    return sorted(late_s)[max(0, math.ceil(share * len(late_s)) - 1)]


def figures(asked: Sequence[Asked]) -> str:
    late_s = [each.late_s for each in asked]
    p50, p95, p99 = (percentile(late_s, share) for share in (0.5, 0.95, 0.99))
    return f"p50 {p50:.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s, {sum(bool(each.error) for each in asked)} errors"


class BackgroundWork:
    """An analysis and an import of pictures, which both run."""

    def __init__(self, owner: Visitor, dataset: str, folder: Path) -> None:
        self._owner = owner
        film, pictures = long_video(folder, MINUTES, 0), folder / "pictures.zip"
        make_zip(pictures, PICTURES, (640, 480))
        address, video = owner.begin_upload(film.name, film.stat().st_size)
        owner.send(address, chunks_of(film))
        self._kinds = {"analysis": video, "import": dataset}
        self._wait_for("analysis")
        send_zip(owner, dataset, pictures)
        self._wait_for("import")

    def states(self) -> dict[str, str]:
        found = {}
        for kind, subject in self._kinds.items():
            jobs = states_of(self._owner, subject)
            found[kind] = next((str(job["status"]) for job in jobs if job["kind"] == kind), "not begun")
        return found

    def _wait_for(self, kind: str) -> None:
        until_s = time.monotonic() + BEGINS_WITHIN_S
        while self.states().get(kind) != "running":
            if time.monotonic() > until_s:
                raise RuntimeError(f"it does not begin: {self.states()}")
            time.sleep(0.1)


def processor_s(product: Product) -> float:
    """Returns how much of the processor the web processes have used so far."""
    times = [process.cpu_times() for process in product.children("webapp.supervisor.web")]
    return sum(each.user + each.system for each in times)


def measure(folder: Path, rate: float, seconds: float, is_alone: bool) -> tuple[list[Asked], float, dict[str, str]]:
    """Returns what was asked, the seconds that it took, and the state of the work behind the last answer."""
    with owned_product(folder / "data", ROLLCALL_REQUESTS_PER_MINUTE=MANY) as (product, owner):
        ids = in_product("benchmarks.api_load", product.data_dir, {"videos": VIDEOS, "people": PEOPLE})
        dataset = create_dataset(owner)
        cookies = {name: morsel.value for name, morsel in owner.cookies.items()}
        load = Load(product.port, cookies, pages(ids, dataset))
        load.run(rate=4, seconds=6)  # templates are read at the first page of each kind
        work = None if is_alone else BackgroundWork(owner, dataset, folder)
        print(f"{VIDEOS} videos, {PEOPLE} people; {work.states() if work else 'alone'}", flush=True)
        before_s = processor_s(product)
        asked, took_s = load.run(rate, seconds)
        used_s = processor_s(product) - before_s
        count = len(product.children("webapp.supervisor.web"))
        print(f"{count} web processes, {1000 * used_s / len(asked):.0f} ms of the processor for each page", flush=True)
        return asked, took_s, work.states() if work else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=30.0, help="pages a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--most", type=float, default=0.5, help="how late the 99th percentile may be, in seconds")
    parser.add_argument("--alone", action="store_true", help="without an analysis and an import beside it")
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch, ignore_cleanup_errors=True) as folder:
        asked, took_s, states = measure(Path(folder), args.rate, args.seconds, args.alone)
    for kind in dict.fromkeys(each.kind for each in asked):
        of_kind = [each for each in asked if each.kind == kind]
        print(f"{kind:10s} {len(of_kind):5d} pages: {figures(of_kind)}")
    for error in dict.fromkeys(each.error for each in asked if each.error):
        print(f"error: {error}")
    has_worked = set(states.values()) <= {"running"}
    late_s = percentile([each.late_s for each in asked], 0.99)
    met = late_s <= args.most and has_worked and not any(each.error for each in asked)
    beside = ", ".join(f"{kind} {state}" for kind, state in states.items()) or "nothing"
    print(
        f"api_load: {args.rate:.0f} pages a second for {args.seconds:.0f} s beside {beside}: {figures(asked)}, "
        f"{len(asked) / took_s:.1f} pages a second answered, {'met' if met else 'MISSED'}: {args.most} s"
    )
    sys.exit(not met)


if __name__ == "__main__":
    main()
