"""PostgreSQL and Redis on loopback, each with a password of its own, for `./scripts/test --services`.

`python -m tests.services COMMAND ...` runs a command while both are there, as DATABASE_URL and REDIS_URL; without a
command it only says whether the programs are. Nothing of the machine's own servers is used or changed.
"""

import atexit
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from tests.product import PROJECT, free_port
from tests.waiting import wait_for
from webapp.die_with_parent import die_with_parent

PACKAGES = {"initdb": "postgresql", "postgres": "postgresql", "redis-server": "redis-server"}
DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian has PostgreSQL, a folder for each version."""
ON = "TESTS_ON_SERVICES"
"""Set for the tests that run on these services."""
MIGRATED = "migrated"
"""A database with all migrations applied; those of the tests begin as copies of it."""
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300")
"""Nothing here has to outlive a power cut."""

_of_products: dict[Path, dict[str, str]] = {}
_kept = ExitStack()
"""What serves products until this process ends."""
atexit.register(_kept.close)


class MissingProgramError(Exception):
    """A program of these services is not installed; says which package has it."""


def where(name: str) -> str | None:
    """Returns the path of a program on PATH or where Debian has PostgreSQL."""
    newest_first = sorted(DEBIAN.glob("[0-9]*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, newest_first)]))


def program(name: str) -> str:
    """Returns the path of a program. Raises MissingProgramError."""
    found = where(name)
    if found is None:
        words = f"{name} is neither on PATH nor in {DEBIAN}. On Debian: apt install {PACKAGES.get(name, name)}"
        raise MissingProgramError(words)
    return found


@contextmanager
def postgres(password: str) -> Iterator[str]:
    """Runs PostgreSQL in a temporary folder; yields the address of its database `postgres`."""
    owner = _owner()
    with _folder("postgres", owner) as folder:
        secret = folder / "password"
        secret.write_text(password)
        _give(secret, owner)
        made = [program("initdb"), "--auth=scram-sha-256", "--username=rollcall", f"--pwfile={secret}", "--no-sync"]
        made += ["--encoding=UTF8", "--locale=C.UTF-8", "-D", str(folder / "data")]
        subprocess.run(made, check=True, cwd=folder, stdout=subprocess.DEVNULL, **owner)
        port = free_port()
        settings = ("listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}", *QUICK)
        command = [program("postgres"), "-D", str(folder / "data"), *(f"--{each}" for each in settings)]
        url = f"postgres://rollcall:{password}@127.0.0.1:{port}/postgres"
        with _running(command, folder, owner):
            wait_for(lambda: _accepts(url), what="PostgreSQL answers")
            yield url


def _owner() -> dict[str, Any]:
    """As whom PostgreSQL runs where these tests run as root, which it refuses to be."""
    return {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if os.getuid() == 0 else {}


def _accepts(url: str) -> bool:
    with suppress(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2).close()
        return True
    return False


def new_redis_url() -> str:
    return f"redis://:{secrets.token_hex(16)}@127.0.0.1:{free_port()}/0"


@contextmanager
def redis_server(url: str) -> Iterator[str]:
    """Runs Redis in memory under this address, which it yields."""
    of = urlsplit(url)
    with _folder("redis", {}) as folder:
        configuration = folder / "redis.conf"  # others could read a password among a command's words
        configuration.write_text(f'bind {of.hostname}\nport {of.port}\nrequirepass {of.password}\nsave ""\n')
        with _running([program("redis-server"), str(configuration)], folder, {}), redis.Redis.from_url(url) as client:
            wait_for(lambda: _pings(client), what="Redis answers")
            yield url


def _pings(client: redis.Redis) -> bool:
    with suppress(redis.ConnectionError):
        return bool(client.ping())
    return False


@contextmanager
def _folder(name: str, owner: dict[str, Any]) -> Iterator[Path]:
    """A temporary folder that only its owner may enter."""
    folder = Path(tempfile.mkdtemp(prefix=f"rollcall-{name}-", dir="/tmp"))
    try:
        _give(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder)


def _give(path: Path, owner: dict[str, Any]) -> None:
    if owner:
        shutil.chown(path, owner["user"], owner["group"])


@contextmanager
def _running(command: list[str], folder: Path, owner: dict[str, Any]) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, preexec_fn=die_with_parent, start_new_session=True, **owner
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL waits for nobody then
        process.wait(30)


def copy_of_migrated(server: str, name: str) -> str:
    """Returns the address of a new database on a server that has MIGRATED."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{MIGRATED}"')
    return _database(server, name)


def _database(server: str, name: str) -> str:
    return f"{server.rpartition('/')[0]}/{name}"


def _migrate(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{MIGRATED}"')
    own = {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": _database(server, MIGRATED)}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=PROJECT, env={**os.environ, **own}, check=True)


def serve_product(data_dir: Path, *, own_queue: bool) -> None:
    """Has the product with this data folder use a database of its own here and, unless it starts its own queue, a
    Redis of its own, until this process ends. Does nothing where the tests do not run on services."""
    if ON not in os.environ:
        return
    name = f"product_{secrets.token_hex(4)}"
    variables = {"DATABASE_URL": copy_of_migrated(os.environ["DATABASE_URL"], name)}
    if not own_queue:
        variables["REDIS_URL"] = _kept.enter_context(redis_server(new_redis_url()))
    _of_products[data_dir] = variables


def variables_of(data_dir: Path) -> dict[str, str]:
    """Returns what leads the product with this data folder, and what looks into it, to its services."""
    return _of_products.get(data_dir, {})


def main(command: list[str]) -> int:
    try:
        for name in ("initdb", "postgres", "redis-server"):
            program(name)
        if not command:
            return 0
        with postgres(secrets.token_hex(16)) as server, redis_server(new_redis_url()) as queue:
            _migrate(server)
            environment = {**os.environ, "DATABASE_URL": server, "REDIS_URL": queue, ON: "yes"}
            return subprocess.run(command, env=environment, check=False).returncode
    except MissingProgramError as missing:
        print(missing, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
