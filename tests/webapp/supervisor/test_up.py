"""`manage.py up` with real processes: the first link, deaths, restarts, second starts, and a clean end."""

import collections
import http.client
import json
import re
import signal
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest

from benchmarks.visitor import Visitor
from tests.migrated import copy_migrated
from tests.product import PROJECT, Product
from tests.waiting import wait_for
from webapp.supervisor.up import NICENESS


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    data_dir = tmp_path_factory.mktemp("up") / "data"
    product = Product(data_dir, ROLLCALL_REQUESTS_PER_MINUTE="0", ROLLCALL_WEB_PROCESSES="2").wait_until_ready()
    yield product
    product.stop()


@pytest.fixture
def start() -> Iterator[Callable[..., Product]]:
    """Starts products that do not outlive the test."""
    started: list[Product] = []

    def start(data_dir: Path, port: int | None = None, **environment: str) -> Product:
        started.append(Product(data_dir, port, **environment))
        return started[-1]

    yield start
    for product in started:
        product.process.kill()
        product.process.wait()


def answers(product: Product) -> bool:
    try:
        with urllib.request.urlopen(f"{product.address}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def alive(processes: list[psutil.Process]) -> list[str]:
    _, left = psutil.wait_procs(processes, timeout=10)
    return [" ".join(process.cmdline()) for process in left]


def test_the_doctor_finds_nothing_wrong_with_it_but_that_there_is_no_backup(product: Product) -> None:
    environment = {**product.environment, "ROLLCALL_DATA_DIR": str(product.data_dir)}
    command = [sys.executable, "manage.py", "doctor", "--json"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    assert [part["part"] for part in told if part["health"] != "ok"] == ["Backup"], done.stdout
    assert done.returncode == 0
    assert {"Queue", "Workers", "Database"} <= {part["part"] for part in told}


def test_the_link_creates_the_owner_once(product: Product) -> None:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = opener.open(product.owner_link).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    fields = {
        "csrfmiddlewaretoken": token.group(1),
        "name": "Alice",
        "email": "alice@example.org",
        "password": "a long enough phrase",
        "team": "Newsroom",
    }
    landed = opener.open(product.owner_link, urlencode(fields).encode())
    assert landed.url == f"{product.address}/videos/"
    with pytest.raises(urllib.error.HTTPError, match="410"):
        urllib.request.urlopen(product.owner_link)


def test_pages_of_strangers_and_unknown_hosts_are_refused(product: Product) -> None:
    with urllib.request.urlopen(f"{product.address}/videos/") as answer:
        assert answer.url.startswith(f"{product.address}/sign-in/")
    request = urllib.request.Request(f"{product.address}/sign-in/", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(request)


def test_what_is_kept_is_for_its_owner_only(product: Product) -> None:
    for name in ("secret_key", "rollcall.sqlite3", "media", "uploads", "valkey", "logs"):
        assert stat.S_IMODE((product.data_dir / name).stat().st_mode) & 0o077 == 0, name


def test_pages_go_before_work_of_minutes(product: Product) -> None:
    """Also where the system shares the processor between sessions before it looks at single processes."""
    web, worker = product.child("webapp.supervisor.web"), product.child("celery", "analysis@")
    assert worker.nice() - web.nice() == NICENESS["analysis"]
    autogroups = [Path(f"/proc/{process.pid}/autogroup") for process in (web, worker)]
    if all(path.exists() for path in autogroups):
        assert [path.read_text().split()[-1] for path in autogroups] == ["0", str(NICENESS["analysis"])]


@pytest.mark.parametrize("words", [["webapp.supervisor.web", "web-1."], ["valkey-server"], ["celery", "media@"]])
def test_a_killed_process_comes_back(product: Product, words: list[str]) -> None:
    victim = product.child(*words)
    family = [victim, *victim.children(recursive=True)]
    victim.kill()
    assert not alive(family)
    wait_for(lambda: _replaced(product, words, victim.pid), within_s=30, what="it runs again")
    wait_for(lambda: answers(product), within_s=30, what="the page")


def test_pages_go_on_while_one_web_process_is_away(product: Product) -> None:
    wait_for(lambda: (product.data_dir / "tmp" / "web-2.ready").exists(), what="the second has loaded")
    product.child("webapp.supervisor.web", "web-1.").kill()
    assert all(answers(product) for _ in range(10))
    wait_for(lambda: len(_web(product)) == 2, within_s=30, what="it runs again")


def test_web_processes_are_replaced_without_a_failed_request(product: Product) -> None:
    """Beside visitors on open and on new connections, and an upload that goes on for longer than it takes."""
    before = {process.pid for process in _web(product)}
    sender = Visitor(product.port)
    sender.sign_in("alice@example.org")
    replaced, failures, counts = threading.Event(), [], collections.Counter[str]()

    def visit(kind: str) -> None:
        visitor = Visitor(product.port)
        while not replaced.is_set():
            try:
                visitor.ask("GET", "/sign-in/")
                counts[kind] += 1
            except (OSError, http.client.HTTPException, RuntimeError) as error:
                failures.append(repr(error))
            if kind == "new":
                visitor.connection.close()
            time.sleep(0.02)

    def pieces() -> Iterator[bytes]:
        while not replaced.wait(0.05):
            counts["pieces"] += 1
            yield b"x" * 1000
        yield b"x" * (size_bytes - 1000 * counts["pieces"])

    size_bytes = 1_000_000
    address, _video = sender.begin_upload("slow.mp4", 2 * size_bytes)
    visitors = [threading.Thread(target=visit, args=[kind]) for kind in ("kept", "kept", "new", "new")]
    for each in visitors:
        each.start()
    upload = threading.Thread(
        target=sender.tus, args=["PATCH", address, pieces()], kwargs={"offset": 0, "length": size_bytes}
    )
    upload.start()
    wait_for(lambda: counts["pieces"], what="the upload has begun")
    assert "replaced one after the other" in product.command("restart_web")
    try:
        wait_for(lambda: "has been restarted" in product.out, within_s=60, what="the last one has been replaced")
        # The one that takes the upload stays for it, and no other.
        wait_for(lambda: len(_web(product)) == len(before) + 1, within_s=30, what="the others have left")
    finally:
        replaced.set()
        for each in (*visitors, upload):
            each.join(30)
    assert not failures
    assert min(counts["kept"], counts["new"]) > 10
    assert sender.tus("HEAD", address).headers["Upload-Offset"] == str(size_bytes), (
        "no byte was lost, none asked for anew"
    )
    wait_for(lambda: len(_web(product)) == len(before), within_s=30, what="it has left, too")
    assert not before & {process.pid for process in _web(product)}


def _web(product: Product) -> list[psutil.Process]:
    return product.children("webapp.supervisor.web")


def _replaced(product: Product, words: list[str], old: int) -> bool:
    for process in psutil.Process(product.process.pid).children():
        if process.pid != old and all(word in " ".join(process.cmdline()) for word in words):
            return True
    return False


def test_a_second_start_on_the_same_data_is_refused_in_one_line(
    start: Callable[..., Product], product: Product
) -> None:
    second = start(product.data_dir)
    assert second.process.wait(30) == 1
    assert "already running on" in second.out
    assert f"process {product.process.pid}" in second.out
    assert len(second.out.splitlines()) == 2
    assert answers(product)


def test_a_port_in_use_is_said_in_one_line(start: Callable[..., Product], product: Product, tmp_path: Path) -> None:
    second = start(tmp_path / "other", port=product.port)
    assert second.process.wait(30) == 1
    assert f"Port {product.port} is in use" in second.out
    assert len(second.out.splitlines()) == 2


def test_missing_models_are_said_in_one_line(start: Callable[..., Product], tmp_path: Path) -> None:
    product = start(tmp_path / "data", ROLLCALL_WEIGHTS_DIR=str(tmp_path))
    assert product.process.wait(60) == 1
    assert "python -m analysis weights" in product.out
    assert len(product.out.splitlines()) == 2


def test_a_data_folder_that_cannot_be_made_is_said_in_one_line(start: Callable[..., Product], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    product = start(tmp_path / "file" / "data")
    assert product.process.wait(30) == 1
    assert "cannot be used" in product.out
    assert len(product.out.splitlines()) == 2


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_works_and_ends_clean(
    start: Callable[..., Product], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data_dir = tmp_path / ("a folder with a name too long for the path of a socket " * 3 + "x")
    copy_migrated(tmp_path_factory, data_dir / "rollcall.sqlite3")  # `product` above starts with nothing
    first = start(data_dir).wait_until_ready()
    wait_for(lambda: len(first.descendants()) >= 11, within_s=60, what="queue, two web, four workers with a child")
    family = first.descendants()
    first.process.kill()
    first.process.wait()
    second = start(data_dir).wait_until_ready()
    assert not alive(family)
    assert "owner_link" in second.out, "words that tell how to get a link"
    family = second.descendants()
    assert second.stop(signal.SIGINT) == 0
    assert not alive(family)
    assert second.out.endswith("Stopping ...\nStopped.\n")
