"""Reads settings from environment variables; invalid values are refused with the variable and what it accepts."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    word = text(name).lower()
    if not word:
        return default
    if word in TRUE_WORDS | FALSE_WORDS:
        return word in TRUE_WORDS
    raise ImproperlyConfigured(f"{name}={word!r}: expected one of 1, true, yes, on, 0, false, no, off")


def number(name: str, default: int, *, at_least: int = 0) -> int:
    word = text(name)
    if not word:
        return default
    try:
        value = int(word)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={word!r}: expected a whole number") from error
    if value < at_least:
        raise ImproperlyConfigured(f"{name}={value}: expected at least {at_least}")
    return value


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list."""
    value = text(name)
    return [word.strip() for word in value.split(",") if word.strip()] if value else default


def networks(name: str) -> list[str]:
    """A comma-separated list of addresses and networks, as 192.0.2.7 and 10.0.0.0/8; empty by default."""
    found = words(name, [])
    for word in found:
        try:
            ipaddress.ip_network(word)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name}: {word!r} is neither an address nor a network like 10.0.0.0/8"
            ) from error
    return found


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and how the connection is encrypted."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    starts_tls: bool = False
    is_tls: bool = False


MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def mail_server(name: str) -> MailServer | None:
    """An address as smtp+tls://user:password@host:587; None by default. A refused one is not repeated: it is secret."""
    if not (value := text(name)):
        return None
    try:
        url = urlsplit(value)
        return _mail_server_at(url, url.port or MAIL_PORTS[url.scheme])
    except (ValueError, KeyError):
        raise ImproperlyConfigured(
            f"{name}: expected smtp+tls://user:password@host:587, or smtps:// or smtp:// in front;"
            " letters like @ and / in the password as %40 and %2F"
        ) from None  # whose words hold parts of the password


def _mail_server_at(url: SplitResult, port: int) -> MailServer:
    if not url.hostname or url.path.strip("/") or url.query or url.fragment or url.scheme not in MAIL_PORTS:
        raise ValueError
    user, password = unquote(url.username or ""), unquote(url.password or "")
    return MailServer(url.hostname, port, user, password, url.scheme == "smtp+tls", url.scheme == "smtps")


def folder(name: str, default: Path) -> Path:
    return Path(text(name, str(default))).expanduser().resolve()
