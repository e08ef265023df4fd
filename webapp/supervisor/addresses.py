"""Opens the listening socket, and says by which names browsers may reach the server."""

import errno
import ipaddress
import socket

import psutil

from webapp.supervisor.trouble import StartupError

LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"]


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket that outlives restarts of the web server, so that browsers wait instead of failing."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError, OverflowError) as error:
        raise StartupError(f"{host!r} is not an address of this machine. Choose another one with --host.") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise StartupError(_words(error, host, port)) from error
    return listener


def _words(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use by another program. Stop that one, or choose another port with --port."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"You are not allowed to use port {port}. Choose one above 1023 with --port."
    return f"Rollcall cannot listen on {host}, port {port} ({error.strerror}). Choose others with --host and --port."


def allowed_hosts(host: str) -> list[str]:
    """Returns the host names to accept; a server open to other machines is reached by any name of its own."""
    names = [*LOCAL_NAMES]
    if is_any_address(host):
        own_name = socket.gethostname().lower()
        names += [own_name, f"{own_name.split('.')[0]}.local", *_own_addresses()]
    elif host.lower() not in names:
        names.append(_in_address_bar(host.lower()))
    return names


def is_any_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def url(host: str, port: int) -> str:
    shown = "localhost" if is_any_address(host) else host
    return f"http://{_in_address_bar(shown)}:{port}"


def _in_address_bar(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _own_addresses() -> list[str]:
    every = [each for addresses in psutil.net_if_addrs().values() for each in addresses]
    internet = [each.address for each in every if each.family in (socket.AF_INET, socket.AF_INET6)]
    return [_in_address_bar(address.split("%")[0]) for address in internet]
