"""A mail server on loopback: takes mail for everybody but those it is told to refuse, or hangs."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class SmtpServer(socketserver.ThreadingTCPServer):
    """Keeps what arrives in `mails`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Dialogue)
        self.mails: list[EmailMessage] = []
        self.refuses = False
        self.let_go = threading.Event()
        self.let_go.set()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def hang(self) -> None:
        """Greets nobody from now on, until `let_go` is set."""
        self.let_go.clear()


class _Dialogue(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        self.server.let_go.wait(30)
        self._say("220 loopback")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"RCPT" and self.server.refuses:
                self._say(f"550 nobody here: {line.decode().strip()}")
            elif verb == b"DATA":
                self._say("354 go on")
                self._receive()
                self._say("250 taken")
            elif verb == b"QUIT":
                return self._say("221 bye")
            else:
                self._say("250 fine")

    def _receive(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        mail: Any = message_from_bytes(b"".join(lines), policy=policy.default)
        self.server.mails.append(mail)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.let_go.set()
        server.shutdown()


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage) -> str:
    """Returns the path of the one link, which the HTML part has as well."""
    [link] = [line for line in text_of(mail).split() if line.startswith("http://testserver")]
    html = mail.get_body(("html",))
    assert html is not None and f'href="{link}"' in html.get_content()
    return link.removeprefix("http://testserver")
