"""A mail server for the tests of accounts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.smtp import SmtpServer, smtp_server
from webapp.accounts.mail import services as mail_services


@pytest.fixture
def mail_server(settings: Any) -> Iterator[SmtpServer]:
    """Mail is configured, and sent to a server of the test's own."""
    with smtp_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.DEFAULT_FROM_EMAIL = "Rollcall <rollcall@example.org>"
        settings.MAIL_IS_ON, settings.EMAIL_TIMEOUT = True, 5
        yield server


@pytest.fixture
def postbox(mail_server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> SmtpServer:
    """As above, and mail is sent within the request, where the test's transaction is seen."""

    def send(write: Callable[[], None]) -> bool:
        write()
        return True

    monkeypatch.setattr(mail_services, "send_later", send)
    return mail_server
