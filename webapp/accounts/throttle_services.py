"""Slows down guessing of passwords.

Each attempt is counted in the database before its password is looked at, so that of many at once, also on several
servers, no more are checked than is allowed.
"""

import ipaddress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from webapp.accounts.models import SignInCounter, User
from webapp.digests import sha256_of
from webapp.expiry_cleanup import delete_expired

WINDOW = timedelta(minutes=15)
PER_ACCOUNT_AND_NETWORK = 10
"""Attempts for one e-mail address from one network within the window."""
PER_NETWORK = 100
"""Attempts from one network whatever the e-mail address: trying one password on many accounts."""
MAILS_PER_ACCOUNT, MAILS_PER_NETWORK, MAILS_PER_MEMBER = 3, 20, 60
"""Mails to one address, whether or not it has an account, and those that strangers ask for from one network, or one
person who is signed in, within the window."""
UNHINDERED = 10
"""Attempts for one e-mail address from anywhere; each further one has to wait, twice as long as the one before."""
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
SLOW_FOR = timedelta(days=1)
"""How long after the last attempt an account is forgotten to be under attack."""
KNOWN_FOR = timedelta(days=30)
"""From where somebody has signed in they are not slowed down by what strangers elsewhere do."""
IPV6_NETWORK_BITS = 64
"""A household or server has that many addresses to itself."""


class TooManyAttempts(Exception):
    """This attempt is not to be checked."""


def count_attempt(email: str, address: str, *, unhindered: int = UNHINDERED) -> None:
    """Counts an attempt that is about to be checked. Raises TooManyAttempts, having counted nothing."""
    network, now = network_of(address), timezone.now()
    with transaction.atomic():
        _count(_key("both", email, network), PER_ACCOUNT_AND_NETWORK, now)
        _count(_key("network", network), PER_NETWORK, now)
        if not SignInCounter.objects.filter(pk=_key("known", email, network), until__gt=now).exists():
            _count_slowed(_key("account", email), now, unhindered)


def wait_of(who: str, address: str) -> timedelta:
    """Returns after how long `count_attempt` will count an attempt again; nothing where it would now."""
    network, now = network_of(address), timezone.now()
    full = {_key("both", who, network): PER_ACCOUNT_AND_NETWORK, _key("network", network): PER_NETWORK}
    rows = SignInCounter.objects.in_bulk([*full, _key("account", who)])
    ends = [row.until for key, row in rows.items() if key in full and row.count >= full[key]]
    ends += [row.next_at for row in rows.values() if row.next_at is not None]
    return max((end - now for end in ends), default=timedelta(0))


def count_mail(email: str, *, address: str = "", user: User | None = None) -> None:
    """Counts a mail that a user asks for, or else a stranger at `address`. Raises TooManyAttempts, counting nothing."""
    now = timezone.now()
    with transaction.atomic():
        _count(_key("mail", email), MAILS_PER_ACCOUNT, now)
        if user is None:
            _count(_key("mail network", network_of(address)), MAILS_PER_NETWORK, now)
        else:
            _count(_key("mail user", str(user.pk)), MAILS_PER_MEMBER, now)


def check_guesses(address: str) -> None:
    """Raises TooManyAttempts for a network that has guessed too many access tokens; writes nothing."""
    guessed = SignInCounter.objects.filter(pk=_key("token", network_of(address)), until__gt=timezone.now())
    if guessed.filter(count__gte=PER_NETWORK).exists():
        raise TooManyAttempts


def count_guess(address: str) -> None:
    """Counts an access token that does not exist. Raises TooManyAttempts."""
    with transaction.atomic():
        _count(_key("token", network_of(address)), PER_NETWORK, timezone.now())


def note_success(email: str, address: str) -> None:
    """Forgets the attempts that led to a right password, and remembers the network."""
    network = network_of(address)
    with transaction.atomic():
        SignInCounter.objects.filter(pk__in=[_key("both", email, network), _key("account", email)]).delete()
        SignInCounter.objects.filter(pk=_key("network", network), count__gt=0).update(count=F("count") - 1)
        SignInCounter.objects.update_or_create(
            pk=_key("known", email, network), defaults={"until": timezone.now() + KNOWN_FOR}
        )


def use_once(*what: str) -> bool:
    """Returns whether this was not used within the window before; of many at once only one gets True."""
    row = SignInCounter.objects.get_or_create(pk=_key("once", *what), defaults={"until": timezone.now() + WINDOW})
    return row[1]


def clean_up(**_: object) -> None:
    """Deletes what no longer counts."""
    delete_expired(SignInCounter.objects.filter(until__lt=timezone.now()))


def _count(key: str, most: int, now: datetime) -> None:
    """Counts within the window, by one conditional update: a database does one of a row at a time."""
    row = _row(key, now, WINDOW)
    if not row.filter(count__lt=most).update(count=F("count") + 1):
        raise TooManyAttempts


def _count_slowed(key: str, now: datetime, unhindered: int) -> None:
    row = _row(key, now, SLOW_FOR)
    may = Q(count__lt=unhindered) | Q(next_at=None) | Q(next_at__lte=now)
    if not row.filter(may).update(count=F("count") + 1, until=now + SLOW_FOR):
        raise TooManyAttempts
    beyond = row.values_list("count", flat=True).get() - unhindered
    if beyond >= 0:
        row.update(next_at=now + min(FIRST_WAIT * 2 ** min(beyond, 20), LONGEST_WAIT))


def _row(key: str, now: datetime, lasts: timedelta) -> QuerySet[SignInCounter]:
    SignInCounter.objects.get_or_create(pk=key, defaults={"until": now + lasts})
    row = SignInCounter.objects.filter(pk=key)
    row.filter(until__lte=now).update(count=0, next_at=None, until=now + lasts)
    return row


def _key(*parts: str) -> str:
    return sha256_of("\0".join(parts))


def network_of(address: str) -> str:
    """Returns what is counted as one place: an address, or the network of a household or server."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, IPV6_NETWORK_BITS), strict=False))
    return str(ip)
