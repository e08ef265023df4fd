"""Mail goes to a real server, outside of requests, and its failures name nobody."""

import time
from typing import Any

import pytest

from tests.smtp import SmtpServer, text_of
from tests.waiting import wait_for
from webapp.accounts.mail import services
from webapp.accounts.mail.words import Letter

LETTER = Letter("A subject\nwith two lines", ("Hello <b>Zoë</b>,", "come & see."), "http://x.example/", "Look")


def test_a_letter_arrives_as_text_and_html(mail_server: SmtpServer) -> None:
    assert services.send_now("zoe@example.org", LETTER)
    [mail] = mail_server.mails
    assert (mail["To"], mail["From"]) == ("zoe@example.org", "Rollcall <rollcall@example.org>")
    assert mail["Subject"] == "A subject with two lines"
    assert "Hello <b>Zoë</b>," in text_of(mail) and "come & see." in text_of(mail)
    html: Any = mail.get_body(("html",))
    assert "Hello &lt;b&gt;Zoë&lt;/b&gt;," in html.get_content() and 'href="http://x.example/"' in html.get_content()


@pytest.mark.expects_errors
def test_what_a_server_refuses_is_logged_without_the_address(mail_server: SmtpServer, logged_errors: list[str]) -> None:
    mail_server.refuses = True
    assert not services.send_now("zoe@example.org", LETTER)
    assert len(logged_errors) == 1 and "SMTPRecipientsRefused" in logged_errors[0]
    assert "zoe" not in logged_errors[0]


def send() -> None:
    services.send_now("zoe@example.org", LETTER)


@pytest.mark.expects_errors
def test_a_server_that_hangs_holds_up_nobody(mail_server: SmtpServer, settings: Any, logged_errors: list[str]) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    mail_server.hang()
    began = time.monotonic()
    for _ in range(services.AT_ONCE):
        assert services.send_later(send)
    assert time.monotonic() - began < 0.2
    wait_for(lambda: len(logged_errors) == services.AT_ONCE, 5)
    mail_server.let_go.set()
    assert services.send_later(send)
    wait_for(lambda: len(mail_server.mails) == 1, 5)


@pytest.mark.expects_errors
def test_mail_beyond_what_may_wait_is_refused(logged_errors: list[str]) -> None:
    taken = 0
    while services._places.acquire(blocking=False):
        taken += 1
    try:
        assert not services.send_later(lambda: None)
    finally:
        services._places.release(taken)
    assert taken == services.MOST_WAITING and "refused" in logged_errors[0]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ([], "http://testserver:9999"),
        (["https://rollcall.example", "https://other.example"], "https://rollcall.example"),
        (["https://*.example", "https://rollcall.example/"], "https://rollcall.example"),
    ],
)
def test_mailed_links_lead_where_the_operator_says(named: list[str], expected: str, rf: Any, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = named
    assert services.origin_of(rf.post("/", headers={"Host": "testserver:9999"})) == expected
