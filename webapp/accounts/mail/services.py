"""Sends mail, outside of requests: a mail server that hangs makes no page hang.

A link is made where its mail is written, so that its secret waits in no queue and stands in no log.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation

from webapp.accounts.mail.words import Letter

logger = logging.getLogger(__name__)

AT_ONCE = 2
MOST_WAITING = 100
"""Mail beyond that is refused: the server hangs, or somebody sends far too much."""
_pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mail")
_places = threading.BoundedSemaphore(MOST_WAITING)


def is_configured() -> bool:
    return bool(settings.MAIL_IS_ON)


def origin_of(request: HttpRequest) -> str:
    """Returns what mailed links begin with: the first of ROLLCALL_ORIGINS, else the address that was called.

    That one a stranger chooses, who asks for somebody else's link: any port, and any name that the server goes by.
    """
    named = (origin for origin in settings.CSRF_TRUSTED_ORIGINS if "*" not in origin)
    return next(named, request.build_absolute_uri("/")).rstrip("/")


def send_later(write: Callable[[], None]) -> bool:
    """Has a mail written and sent by `write` soon, and returns at once; False where too many wait already."""
    if not _places.acquire(blocking=False):
        logger.error("A mail was refused: %d are waiting", MOST_WAITING)
        return False
    _pool.submit(_run, write)
    return True


def send_now(address: str, letter: Letter) -> bool:
    """Sends a letter as text and HTML; returns False where the mail server did not take it. The log names nobody."""
    context = {"letter": letter, "language": translation.get_language()}
    mail = EmailMultiAlternatives(" ".join(letter.subject.split()), render_to_string("mail/letter.txt", context))
    mail.to = [address]
    mail.attach_alternative(render_to_string("mail/letter.html", context), "text/html")
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        # The words of a mail server repeat addresses.
        logger.error("A mail could not be sent: %s %s", type(error).__name__, getattr(error, "smtp_code", ""))
        return False
    return True


def _run(write: Callable[[], None]) -> None:
    try:
        write()
    except Exception:
        logger.exception("A mail could not be written")
        raise
    finally:
        _places.release()
        connection.close()
