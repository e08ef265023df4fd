"""`manage.py up` with real processes: the first link, deaths, second starts, and a clean end."""

import http.client
import json
import re
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest

from tests.migrated import copy_migrated
from tests.product import PROJECT, Product
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("up") / "data").wait_until_ready()
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


@pytest.mark.parametrize("words", [["webapp.supervisor.web"], ["valkey-server"], ["celery", "media@"]])
def test_a_killed_process_comes_back(product: Product, words: list[str]) -> None:
    victim = product.child(*words)
    family = [victim, *victim.children(recursive=True)]
    victim.kill()
    assert not alive(family)
    wait_for(lambda: _replaced(product, words, victim.pid), within_s=30, what="it runs again")
    wait_for(lambda: answers(product), within_s=30, what="the page")


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
    wait_for(lambda: len(first.descendants()) >= 10, within_s=60, what="queue, web, four workers with a child each")
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
