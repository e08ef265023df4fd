"""System checks of this installation: `manage.py check --deploy`, and at each start of `manage.py up`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from analysis.weights import FETCH_COMMAND, missing_weights

TAG = "rollcall"
NO_REDIS = "rollcall.E003"


@register(TAG, deploy=True)
def folders_are_writable(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    folders: tuple[Path, ...] = (settings.DATA_DIR, settings.MEDIA_ROOT, settings.UPLOAD_DIR)
    found: list[CheckMessage] = []
    for folder in folders:
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            hint = "Create it and make it writable for the user that runs Rollcall, or name another one (.env.example)."
            found.append(Error(f"The folder {folder} cannot be written to.", hint=hint, id="rollcall.E001"))
    return found


@register(TAG, deploy=True)
def results_are_on_the_media_file_system(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    folders: tuple[Path, ...] = (settings.DATA_DIR, settings.MEDIA_ROOT)
    if settings.BUCKET.name or not all(folder.is_dir() for folder in folders):
        return []
    if len({folder.stat().st_dev for folder in folders}) > 1:
        hint = "Storing a result is a rename: put the data folder and the media folder on one disk."
        return [Error("Data and media are on different file systems.", hint=hint, id="rollcall.E002")]
    return []


@register(TAG, deploy=True)
def redis_answers(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        hint = "Start Redis or Valkey and set REDIS_URL, or leave REDIS_URL out and let ./scripts/run start its own."
        return [Error(f"Redis does not answer: {error}", hint=hint, id=NO_REDIS)]
    return []


@register(TAG, deploy=True)
def weights_are_present(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    missing = missing_weights()
    if not missing:
        return []
    names = ", ".join(weight.file_name for weight in missing)
    return [Error(f"Model files are missing or damaged: {names}.", hint=f"Run: {FETCH_COMMAND}", id="rollcall.E004")]


@register(TAG, deploy=True)
def other_sign_in_is_safe(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    issuer = urlsplit(settings.OIDC_ISSUER)
    if settings.OIDC_ISSUER and issuer.scheme != "https" and issuer.hostname not in ("localhost", "127.0.0.1"):
        hint = "Who is signed in is what it says, so nobody on the way may change that."
        return [Error("ROLLCALL_OIDC_ISSUER has to begin with https://.", hint=hint, id="rollcall.E006")]
    return []


@register(TAG, deploy=True)
def https_has_a_proxy(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.BEHIND_HTTPS and not settings.PROXIES:
        hint = "Name the address of the proxy that speaks HTTPS."
        return [Error("ROLLCALL_HTTPS needs ROLLCALL_PROXIES.", hint=hint, id="rollcall.E005")]
    return []
