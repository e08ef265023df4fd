"""Looks at what an installation stands on: settings, folders, disks, programs, graphics card, queue, backups."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import imageio_ffmpeg
import redis
from django.conf import settings
from django.core.checks import run_checks
from django.utils import timezone

from analysis.device import CUDA, available_providers
from webapp import checks
from webapp.operation.backup.archive_codec import LAST_BACKUP
from webapp.operation.diagnosis.diagnosis_types import Diagnosis, bad, warning, well
from webapp.operation.version_queries import NEWER
from webapp.version import VERSION

GB = 1e9
SOON_FULL = 3
"""So many times the reserve is little."""
SHORT_KEY = 32
PROGRAM_ANSWERS_WITHIN_S = 20
BACKUP_IS_OLD_AFTER = timedelta(days=7)
CLOCKS_APART_S = 30
LOCAL = {"localhost", "127.0.0.1", "[::1]", "::1"}


def settings_and_folders() -> Iterator[Diagnosis]:
    """Yields what the checks of each start find; those of queue and database have lines of their own."""
    found = run_checks(tags=[checks.TAG], include_deployment_checks=True)
    found = [each for each in found if each.id not in (checks.NO_REDIS, NEWER)]
    yield from (bad("Installation", str(each.msg), str(each.hint or "")) for each in found)
    if not found:
        words = f"version {VERSION}, data in {settings.DATA_DIR}: folders can be written to, model files are whole"
        yield well("Installation", words)


def disks() -> Iterator[Diagnosis]:
    """Yields one for each disk that data, media or uploads lie on."""
    by_disk: dict[int, tuple[Path, list[str]]] = {}
    folders = {"data": settings.DATA_DIR, "uploads": settings.UPLOAD_DIR}
    if not settings.BUCKET.name:
        folders["media"] = settings.MEDIA_ROOT
    for name, folder in folders.items():
        if folder.is_dir():
            by_disk.setdefault(folder.stat().st_dev, (folder, []))[1].append(name)
    for folder, names in by_disk.values():
        usage = shutil.disk_usage(folder)
        words = f"{usage.free / GB:.1f} of {usage.total / GB:.0f} GB are free for {', '.join(names)}"
        if usage.free < settings.DISK_RESERVE_BYTES:
            yield bad("Disk", f"{words}: uploads are refused", "Delete videos, or give it a larger disk.")
        elif usage.free < SOON_FULL * settings.DISK_RESERVE_BYTES:
            yield warning("Disk", words, "It is full soon: delete videos, or set quotas with manage.py set_quota.")
        else:
            yield well("Disk", words)


def ffmpeg() -> Iterator[Diagnosis]:
    advice = "Install again: ./scripts/run --install-only"
    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
        said = _said(program, "-version")
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        yield bad("FFmpeg", f"it does not run: {error}", advice)
        return
    yield well("FFmpeg", " ".join(said.split()[:3]))


def graphics_card() -> Iterator[Diagnosis]:
    """Yields whether networks run on a graphics card, and if not, why."""
    cards = _cards()
    if CUDA in available_providers():
        if cards:
            yield well("Graphics card", f"used: {', '.join(cards)}")
        else:
            advice = "Install NVIDIA's driver; with Docker, let the container have the card (see README)."
            yield warning(
                "Graphics card", "the runtime for one is installed, but none answers: the CPU is used", advice
            )
    elif cards:
        advice = "Set ROLLCALL_GPU=yes and install again: ./scripts/run --install-only"
        yield warning("Graphics card", f"{', '.join(cards)} is not used: the runtime for the CPU is installed", advice)
    else:
        yield well("Graphics card", "none (nvidia-smi finds none): networks run on the CPU")


def _cards() -> list[str]:
    try:
        lines = _said("nvidia-smi", "--query-gpu=name", "--format=csv,noheader").splitlines()
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in lines if line.strip()]


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PROGRAM_ANSWERS_WITHIN_S)
    return done.stdout


def queue(url: str) -> Iterator[Diagnosis]:
    """Yields whether Redis or Valkey answers, and whether its clock is the one of here."""
    try:
        with redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            seconds, _microseconds = client.time()
            version = client.info("server")
    except (redis.RedisError, OSError) as error:
        advice = "Start Rollcall, which starts its own; or start Redis or Valkey and set REDIS_URL."
        yield bad("Queue", f"it does not answer: {error}", advice)
        return
    yield well("Queue", f"answers (version {version.get('valkey_version') or version.get('redis_version')})")
    if abs(seconds - timezone.now().timestamp()) > CLOCKS_APART_S:
        yield warning("Clock", "this machine and that of the queue do not agree on the time", "Run NTP on both.")


def security() -> Iterator[Diagnosis]:
    """Yields what the settings say about keys, names and HTTPS."""
    found = []
    key_file = settings.SECRET_KEY_FILE
    if settings.DEBUG:
        found.append(warning("Security", "ROLLCALL_DEBUG is on: error pages tell everything", "Leave it out."))
    if len(settings.SECRET_KEY) < SHORT_KEY:
        advice = 'Make another: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        found.append(warning("Security", "the secret key is short enough to be guessed", advice))
    if key_file.is_file() and key_file.stat().st_mode & 0o077:
        found.append(warning("Security", f"{key_file} can be read by others", f"Run: chmod 600 {key_file}"))
    public = [host for host in settings.ALLOWED_HOSTS if host not in LOCAL]
    if "*" in public:
        found.append(warning("Security", "ROLLCALL_HOSTS lets any name in", "Name the names of this server."))
    elif public and not settings.BEHIND_HTTPS:
        words = f"{', '.join(public)} without HTTPS: passwords and faces can be read on the way, passkeys do not work"
        found.append(warning("Security", words, "Put a proxy with a certificate in front, and set ROLLCALL_HTTPS=yes."))
    yield from found or [well("Security", "secret key, names and HTTPS are set safely")]


def backups() -> Iterator[Diagnosis]:
    note = settings.DATA_DIR / LAST_BACKUP
    advice = "Run: manage.py backup"
    try:
        made_at = datetime.fromisoformat(json.loads(note.read_text())["made_at"])
    except (OSError, ValueError, KeyError):
        yield warning("Backup", "none was made by manage.py backup", advice)
        return
    age = timezone.now() - made_at
    words = f"the last one was made {age.days} days ago ({made_at:%Y-%m-%d %H:%M})"
    yield warning("Backup", words, advice) if age > BACKUP_IS_OLD_AFTER else well("Backup", words)
