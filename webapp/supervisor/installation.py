"""What the supervisor does through Django: database, static files, checks, lost work, the owner's link.

Imported only after the environment is complete, because importing it reads the settings.
"""

import http.client
import logging
import sys
import threading
import time
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.checks import run_checks  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, connection  # noqa: E402
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402
from django.urls import reverse  # noqa: E402

from analysis.errors import is_disk_full  # noqa: E402
from webapp import checks, storage  # noqa: E402
from webapp.accounts.models import User  # noqa: E402
from webapp.accounts.services import new_first_owner_token  # noqa: E402
from webapp.jobs import health_queries, reaper, store_mark_services  # noqa: E402
from webapp.supervisor import static_files  # noqa: E402
from webapp.supervisor.children import Child  # noqa: E402
from webapp.supervisor.data_folder import DataFolder  # noqa: E402
from webapp.supervisor.trouble import StartupError  # noqa: E402

WEB_ANSWERS_WITHIN_S = 60


def prepare(data: DataFolder, *, owns_workers: bool) -> BaseDatabaseWrapper | None:
    """Brings database and static files up to date. Returns what keeps the database readable. Raises StartupError."""
    storage.clear_scratch()  # first: that may be what fills the disk
    _log_into(data.logs / "supervisor.log")
    for folder in (settings.MEDIA_ROOT, settings.UPLOAD_DIR):
        folder.mkdir(parents=True, exist_ok=True)
    for found in run_checks(tags=[checks.TAG], include_deployment_checks=True):
        raise StartupError(f"{found.msg} {found.hint or ''}".strip())
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        if is_disk_full(error):
            raise data.trouble(error) from error
        words = " ".join(str(error).split())
        raise StartupError(f"The database cannot be used: {words}. See DATABASE_URL in .env.example.") from error
    held = _held_open()
    _check_store()
    try:
        static_files.collect(settings.STATIC_ROOT)
    except OSError as error:
        raise data.trouble(error) from error
    if owns_workers:
        reaper.logging_failures(reaper.recover)
    return held


def _held_open() -> BaseDatabaseWrapper | None:
    """Returns a connection to SQLite's file that stays open, as its log and their room go with the last one.

    On a full disk, whoever comes next could not even read.
    """
    if connection.vendor != "sqlite":
        return None
    held = connection.copy()
    held.ensure_connection()
    return held


def _check_store() -> None:
    try:
        store_mark_services.mark_new()
    except storage.StoreAway as error:
        raise StartupError(f"The store of media does not answer: {error}. See ROLLCALL_BUCKET_URL.") from error
    except (OSError, DatabaseError) as error:  # the disk is full, say: it is marked at the next start
        logging.getLogger(__name__).warning("The store of media could not be marked: %s", error)
    trouble = store_mark_services.trouble_in_words()
    if trouble is not None:
        raise StartupError(f"Rollcall cannot work: {trouble}")


def _log_into(path: Path) -> None:
    """The terminal is for people: it gets plain sentences only, also when the log finds no room."""
    logging.raiseExceptions = False
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(path.open("a"))


def wait_for_web(host: str, port: int, web: Child, stopping: threading.Event) -> bool:
    """Returns True when the web server responds, False when it is to stop before. Raises StartupError."""
    give_up_at = time.monotonic() + WEB_ANSWERS_WITHIN_S
    while not stopping.is_set():
        if _answers(host, port):
            return True
        if web.process is None or web.process.poll() is not None or time.monotonic() > give_up_at:
            raise StartupError(f"The web server did not start. See {web.log}.")
        stopping.wait(0.1)
    return False


def _answers(host: str, port: int) -> bool:
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(address, port, timeout=10)
    try:
        connection.request(
            "GET", reverse("healthz"), headers={"Host": settings.ALLOWED_HOSTS[0].lstrip(".*") or "localhost"}
        )
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def welcome(address: str) -> str:
    """Returns the address to open: in a terminal, a link that creates the owner's account while there is none.

    Whoever reads a log must not find a link in it, so elsewhere these are the words that tell how to get one.
    """
    if User.objects.exists():
        return f"Rollcall is ready: {address}/"
    if not sys.stdout.isatty():
        command = f"ROLLCALL_DATA_DIR={settings.DATA_DIR} {sys.executable} manage.py owner_link --address {address}"
        return f"Rollcall is ready: {address}/. To create the owner's account, get a link with: {command}"
    path = reverse("accounts:first_owner", args=[new_first_owner_token()])
    return f"Rollcall is ready. Open this link to create the owner's account: {address}{path}"


def recover(queues: tuple[str, ...]) -> None:
    """Queues again what a dead worker was doing."""
    if queues:
        reaper.logging_failures(lambda: reaper.recover(queues))


def put_back() -> None:
    reaper.logging_failures(reaper.put_back_all)


def reap() -> float:
    """Runs one round of the reaper; returns the seconds until the next."""
    reaper.logging_failures(reaper.reap)
    return reaper.EVERY_S


def unserved_queues() -> list[str]:
    """Returns the queues whose worker takes nothing though work waits; none where that cannot be told.

    Nor while the store cannot be worked with: workers wait for it, and would do so again after a restart.
    """
    found: list[str] = []
    reaper.logging_failures(lambda: found.extend(health_queries.unserved_queues()))
    return [] if found and store_mark_services.trouble_in_words() else found
