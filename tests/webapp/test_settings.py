"""Variables that make no sense are refused by name; checks and health say what is wrong."""

import json
import logging
import logging.config
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.db import DatabaseError, connection
from django.test import Client

from webapp import checks, env
from webapp.logs import logging_config

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("read", "value"),
    [(env.flag, "maybe"), (env.number, "many"), (env.number, "-1"), (env.number, "1.5")],
)
def test_odd_values_are_refused_by_name(read: Any, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_TEST", value)
    with pytest.raises(ImproperlyConfigured, match="ROLLCALL_TEST"):
        read("ROLLCALL_TEST", 0)


def test_an_empty_variable_is_like_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_TEST", " ")
    assert env.flag("ROLLCALL_TEST", True)
    assert env.number("ROLLCALL_TEST", 7) == 7
    assert env.words("ROLLCALL_TEST", ["a"]) == ["a"]
    monkeypatch.setenv("ROLLCALL_TEST", "a, b,,")
    assert env.words("ROLLCALL_TEST", []) == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("smtp://mail.example.org", env.MailServer("mail.example.org", 25)),
        ("smtps://u%40x:p%2Fw@h:1465", env.MailServer("h", 1465, "u@x", "p/w", is_tls=True)),
        ("smtp+tls://u:p@h", env.MailServer("h", 587, "u", "p", starts_tls=True)),
        ("", None),
    ],
)
def test_a_mail_server_is_an_address(value: str, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_MAIL_URL", value)
    assert env.mail_server("ROLLCALL_MAIL_URL") == read


@pytest.mark.parametrize("value", ["http://h", "mail.example.org:25", "smtp:///x", "smtp://h:many", "smtp://u:pa/ss@h"])
def test_a_mail_server_is_refused_without_repeating_its_password(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_MAIL_URL", value)
    with pytest.raises(ImproperlyConfigured, match="ROLLCALL_MAIL_URL") as refused:
        env.mail_server("ROLLCALL_MAIL_URL")
    assert value not in str(refused.value) and refused.value.__suppress_context__


def load_settings(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    script = "import django; django.setup(); from django.conf import settings; print(settings.CELERY_BROKER_URL)"
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env={"DJANGO_SETTINGS_MODULE": "webapp.settings", "ROLLCALL_DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_there_is_no_default_key_outside_development(tmp_path: Path) -> None:
    assert "ROLLCALL_SECRET_KEY" in load_settings(tmp_path).stderr
    (tmp_path / "secret_key").write_text("made by the supervisor")
    assert load_settings(tmp_path).returncode == 0


def test_the_address_of_a_socket_is_spelled_as_the_queue_wants_it(tmp_path: Path) -> None:
    done = load_settings(tmp_path, ROLLCALL_DEBUG="yes", REDIS_URL="unix:///run/valkey.sock?db=2")
    assert done.stdout.strip() == "redis+socket:///run/valkey.sock?virtual_host=2"


def test_a_mail_server_needs_a_sender(tmp_path: Path) -> None:
    server = {"ROLLCALL_DEBUG": "yes", "ROLLCALL_MAIL_URL": "smtp://127.0.0.1:2525"}
    assert "ROLLCALL_MAIL_FROM" in load_settings(tmp_path, **server).stderr
    assert load_settings(tmp_path, **server, ROLLCALL_MAIL_FROM="rollcall@example.org").returncode == 0


def failed_checks() -> dict[str, str]:
    found = run_checks(tags=[checks.TAG], include_deployment_checks=True)
    assert all(message.hint for message in found)
    return {str(message.id): message.msg for message in found}


@pytest.mark.django_db
def test_checks_name_what_is_missing(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.UPLOAD_DIR.mkdir(parents=True)
    settings.MEDIA_ROOT = tmp_path / "absent"
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    monkeypatch.setenv("ROLLCALL_WEIGHTS_DIR", str(tmp_path))
    found = failed_checks()
    assert set(found) == {"rollcall.E001", "rollcall.E003", "rollcall.E004"}
    assert str(tmp_path / "absent") in found["rollcall.E001"]


@pytest.mark.django_db
def test_checks_pass_on_a_complete_installation(settings: Any) -> None:
    for folder in (settings.MEDIA_ROOT, settings.UPLOAD_DIR):
        folder.mkdir(parents=True)
    assert set(failed_checks()) <= {"rollcall.E004"}, "only the models may be missing where tests run"


@pytest.mark.django_db
def test_https_without_a_named_proxy_is_refused(settings: Any) -> None:
    settings.BEHIND_HTTPS = True
    assert "ROLLCALL_PROXIES" in failed_checks()["rollcall.E005"]
    settings.PROXIES = ["192.0.2.7"]
    assert "rollcall.E005" not in failed_checks()


@pytest.mark.expects_errors
@pytest.mark.django_db
def test_health_follows_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get("/healthz").status_code == 200

    def broken() -> None:
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", broken)
    assert Client().get("/healthz").status_code == 503


def test_refusals_for_security_are_logged_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    config = logging_config(as_json=False)
    loggers = {name: {"handlers": ["stderr"], "propagate": False} for name in ("django.security.Test", "rollcall.test")}
    logging.config.dictConfig({**config, "root": {}, "loggers": loggers})
    for name in loggers:
        try:
            raise SuspiciousOperation("nonsense")
        except SuspiciousOperation:
            logging.getLogger(name).exception("refused by %s", name)
    logged = capsys.readouterr().err
    assert logged.count("Traceback") == 1 and "refused by django.security.Test\n" in logged


def test_logs_can_be_json(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging_config(as_json=True)["handlers"]["stderr"]
    config = {**logging_config(as_json=True), "handlers": {"stderr": handler}, "root": {}, "loggers": {}}
    config["loggers"] = {"rollcall.test": {"handlers": ["stderr"], "level": "INFO", "propagate": False}}
    config["incremental"] = False
    logging.config.dictConfig({**config, "disable_existing_loggers": False})
    logging.getLogger("rollcall.test").warning("disk is %s", "full")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["logger"]) == ("disk is full", "warning", "rollcall.test")


@pytest.mark.django_db
def test_every_page_carries_the_strict_policy() -> None:
    policy = Client().get("/sign-in/")["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


ASK_PLAINLY = """
import django; django.setup()
from django.test import Client
for path, over_https in (("/sign-in/", False), ("/healthz", False), ("/healthz", True)):
    response = Client().get(path, secure=over_https, headers={"host": "localhost", "x-forwarded-proto": "https"})
    print(response.status_code, response.get("Location"), response.get("Strict-Transport-Security"))
"""


def test_with_https_plain_requests_are_redirected_and_browsers_remember(tmp_path: Path) -> None:
    """Whatever a header says: the web server alone decides whom to believe."""
    environment = {"ROLLCALL_DEBUG": "yes", "ROLLCALL_HTTPS": "yes", "ROLLCALL_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", ASK_PLAINLY],
        cwd=PROJECT,
        env={"DJANGO_SETTINGS_MODULE": "webapp.settings", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    redirected, health, secure = done.stdout.splitlines()
    assert redirected == "301 https://localhost/sign-in/ None"
    assert health.startswith("200 None")
    assert secure == "200 None max-age=31536000"
