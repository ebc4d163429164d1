"""The door to mail: one message to one recipient, by SMTP or as a file in a folder.

Four ways of not being accepted are told apart, because a digest must neither be lost nor be sent twice:
PERMANENT, the server refused this mail (5xx to MAIL, RCPT or DATA); TEMPORARY, it may be tried again (4xx);
UNREACHABLE, so may every mail (no connection, a refused login or missing TLS, which the operator mends); UNKNOWN, the
connection was lost after the text had gone out, so that the server may or may not have taken it. Source: RFC 5321
sections 4.2 and 4.5.3.2.6.

Header injection and SMTP smuggling are impossible: addresses and header values that hold line breaks are refused, line
ends are made CRLF, and dots at the start of a line are doubled.
"""

from __future__ import annotations

import email.policy
import os
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Literal, Protocol

from monitor.errors import ConfigError
from monitor.net.trust import trusting_context

Tls = Literal["none", "starttls", "tls"]

# 5xx answers that speak of the login or of TLS and not of the mail: the operator mends them, the mail can wait
_ABOUT_LOGIN = frozenset({530, 534, 535, 538})
# Shorter than what a process that is to end waits for its work: a mail not handed over yet must not count as lost.
_CONNECT_S = 5.0
_ADDRESS = re.compile(r"[!-;=?A-~]{1,64}@[A-Za-z0-9\[\]:._-]{1,255}\Z")
_LINE_BREAK_IN_HEADER = re.compile(r"\n(?![ \t])|\r(?!\n)|\0")  # a folded line goes on with a blank
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_TEXT = email.policy.SMTP.clone(cte_type="7bit")


class Refusal(StrEnum):
    """What not being accepted means for the delivery."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The server (or the folder) has taken the mail. `detail` is its answer, or the path of the file."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFailure:
    """The mail was not taken, or nobody knows. `detail` is one line for people, without secrets."""

    refusal: Refusal
    detail: str

    @property
    def permanent(self) -> bool:
        """Trying again would be refused again."""
        return self.refusal is Refusal.PERMANENT


class Mail(Protocol):
    """Hands one message to one recipient. Never raises for what a server or a disk does."""

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> Accepted | MailFailure:
        """`sender` and `recipient` are bare addresses of the envelope, without a display name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMail:
    """Delivers through one server, one connection for each message. With `user` the connection must be encrypted."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_s: float = 30.0
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.user and self.tls == "none" and self.host not in _LOOPBACK_HOSTS:
            raise ConfigError("mail.user with mail.tls = none sends the password in clear text: use starttls or tls")

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> Accepted | MailFailure:
        """Contract of `Mail.send`."""
        text = _sendable(message, sender=sender, recipient=recipient)
        if isinstance(text, MailFailure):
            return text
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return MailFailure(refusal=Refusal.UNREACHABLE, detail=f"{self.host}:{self.port}: {_one_line(error)}")
        try:
            return _hand_over(server, text, sender=sender, recipient=recipient)
        finally:
            _leave(server)

    def _connected(self) -> smtplib.SMTP:
        context = self.ssl_context or (None if self.tls == "none" else trusting_context())
        name = _own_name()
        server: smtplib.SMTP
        if self.tls == "tls":
            server = _SmtpTls(self.host, self.port, local_hostname=name, timeout=self.timeout_s, context=context)
        else:
            server = _Smtp(self.host, self.port, local_hostname=name, timeout=self.timeout_s)
        try:
            server.ehlo_or_helo_if_needed()
            if self.tls == "starttls":
                server.starttls(context=context)
                server.ehlo()
            if self.user:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server


class _Smtp(smtplib.SMTP):
    """Waits for the connection less long than for an answer, which some servers hold back on purpose."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected: socket.socket = super()._get_socket(host, port, min(timeout, _CONNECT_S))  # type: ignore[misc]  # not in stubs
        connected.settimeout(timeout)
        return connected


class _SmtpTls(smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected: socket.socket = super()._get_socket(host, port, min(timeout, _CONNECT_S))  # type: ignore[misc]  # not in stubs
        connected.settimeout(timeout)
        return connected


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderMail:
    """Writes each mail as `<date>-<subject>-<recipient>.eml` into a folder, whole or not at all.

    The same mail written again changes nothing; another one of the same name gets a number.
    """

    path: Path

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> Accepted | MailFailure:
        """Contract of `Mail.send`."""
        text = _sendable(message, sender=sender, recipient=recipient)
        if isinstance(text, MailFailure):
            return text
        try:
            return Accepted(detail=str(_written(self.path, _file_stem(message, recipient), text)))
        except OSError as error:
            return MailFailure(
                refusal=Refusal.TEMPORARY, detail=f"{self.path}: {error.strerror or 'cannot be written'}"
            )


# --- the message ------------------------------------------------------------------------------------------------


def _sendable(message: EmailMessage, *, sender: str, recipient: str) -> bytes | MailFailure:
    """The message as 7-bit text with CRLF, or why it must not be sent at all."""
    for address in (sender, recipient):
        if not _ADDRESS.match(address):
            return MailFailure(refusal=Refusal.PERMANENT, detail=f"not a mail address: {_one_line(address)}")
    for name, value in message.raw_items():
        if _LINE_BREAK_IN_HEADER.search(str(value)) or _LINE_BREAK_IN_HEADER.search(name):
            return MailFailure(refusal=Refusal.PERMANENT, detail=f"the header {_one_line(name)} holds a line break")
    try:
        text = message.as_bytes(policy=_TEXT)
    except (MessageError, ValueError, LookupError) as error:
        return MailFailure(refusal=Refusal.PERMANENT, detail=f"the mail cannot be written: {_one_line(error)}")
    return re.sub(rb"\r\n|\n|\r", b"\r\n", text)


def _one_line(what: object) -> str:
    """An error or a server's answer as one short printable line."""
    if isinstance(what, smtplib.SMTPResponseException):
        answer = what.smtp_error
        what = f"{what.smtp_code} {answer.decode('utf-8', 'replace') if isinstance(answer, bytes) else answer}"
    elif isinstance(what, OSError) and not isinstance(what, smtplib.SMTPException):
        what = what.strerror or type(what).__name__
    words = "".join(char if char.isprintable() else " " for char in str(what)).split()
    return " ".join(words)[:200] or type(what).__name__


# --- SMTP -------------------------------------------------------------------------------------------------------


def _own_name() -> str:
    """What we greet with. Not `getfqdn`, which may wait for a name server."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _hand_over(server: smtplib.SMTP, text: bytes, *, sender: str, recipient: str) -> Accepted | MailFailure:
    """MAIL, RCPT, DATA by hand, so as to know whether the text had gone out when something broke."""
    try:
        for expected, (code, answer) in _envelope(server, sender, recipient):
            if code not in expected:
                return _refused(code, answer)
    except (OSError, smtplib.SMTPException) as error:
        return MailFailure(refusal=Refusal.TEMPORARY, detail=_one_line(error))
    try:
        server.send(re.sub(rb"(?m)^\.", b"..", text) + (b"" if text.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        code, answer = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return MailFailure(refusal=Refusal.UNKNOWN, detail=f"lost after the text had gone out: {_one_line(error)}")
    if 400 <= code < 600:
        return _refused(code, answer)
    if not 200 <= code < 300:
        return MailFailure(refusal=Refusal.UNKNOWN, detail=f"no clear answer to the text: {_answer(code, answer)}")
    return Accepted(detail=_answer(code, answer))


def _envelope(server: smtplib.SMTP, sender: str, recipient: str) -> Iterator[tuple[tuple[int, ...], tuple[int, bytes]]]:
    """The answers up to the text, each with the codes that allow the next step."""
    yield (250,), server.mail(sender)
    yield (250, 251, 252), server.rcpt(recipient)
    yield (354,), server.docmd("DATA")


def _refused(code: int, answer: bytes) -> MailFailure:
    is_final = 500 <= code < 600 and code not in _ABOUT_LOGIN
    return MailFailure(refusal=Refusal.PERMANENT if is_final else Refusal.TEMPORARY, detail=_answer(code, answer))


def _answer(code: int, answer: bytes) -> str:
    return _one_line(f"{code} {answer.decode('utf-8', 'replace')}")


def _leave(server: smtplib.SMTP) -> None:
    """Says goodbye if anybody still listens; the outcome is known by now and must not change."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


# --- the folder -------------------------------------------------------------------------------------------------


def _file_stem(message: EmailMessage, recipient: str) -> str:
    try:
        date = f"{parsedate_to_datetime(str(message['Date'])):%Y-%m-%d}"
    except (TypeError, ValueError):
        date = "undated"
    return f"{date}-{_slug(str(message['Subject'] or '')) or 'no-subject'}-{_slug(recipient)}"


def _slug(text: str) -> str:
    """Letters of any script, digits, @, single dots and hyphens, at most 100 bytes: safe in every file system."""
    slug = re.sub(r"[^\w@.]+|_+|\.\.+", "-", text.lower())
    return slug.encode("utf-8", "ignore")[:100].decode("utf-8", "ignore").strip("-.")


def _written(folder: Path, stem: str, text: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{stem}-{os.getpid()}-{threading.get_ident()}.tmp"
    try:
        with temporary.open("wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return _named(temporary, stem, text)
    finally:
        temporary.unlink(missing_ok=True)


def _named(temporary: Path, stem: str, text: bytes) -> Path:
    """Gives the whole file its name, the first that is free or already holds this very mail."""
    names = (f"{stem}.eml" if number == 1 else f"{stem}-{number}.eml" for number in count(1))
    while True:
        path = temporary.with_name(next(names))
        try:
            _link(temporary, path)
        except FileExistsError:
            if path.read_bytes() != text:
                continue
        return path


def _link(temporary: Path, path: Path) -> None:
    """A hard link fails where a rename would silently replace another mail; some file systems have none."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        if path.exists():
            raise FileExistsError(path) from None
        temporary.replace(path)
