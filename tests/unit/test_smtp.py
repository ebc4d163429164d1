from __future__ import annotations

import email
import email.policy
import socket
from email.message import EmailMessage, Message
from pathlib import Path
from typing import Any, Literal

import pytest

from monitor.demo.mailbox import Mailbox
from monitor.errors import ConfigError
from monitor.net.smtp import Accepted, FolderMail, MailFailure, Refusal, SmtpMail
from tests.loopback import GIVE_UP_S, Conversation, RawServer, Script, client_tls

SENDER = "monitor@mail.example"
READER = "reader@mail.example"


def message(subject: str = "Two stories", text: str = "Hello\n.\nWörld\n") -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = subject
    made["From"] = SENDER
    made["To"] = READER
    made["Date"] = "Tue, 06 Jan 2026 07:00:00 +0100"
    made["Message-ID"] = "<1@mail.example>"
    made.set_content(text)
    made.add_alternative("<p>Hello</p>", subtype="html")
    return made


def send_to(mailbox: Mailbox, mail: EmailMessage) -> Accepted | MailFailure:
    return SmtpMail(host=mailbox.host, port=mailbox.port, tls="none").send(mail, sender=SENDER, recipient=READER)


# --- over SMTP ----------------------------------------------------------------------------------------------------


def test_a_mail_arrives_as_it_was_written() -> None:
    with Mailbox() as mailbox:
        outcome = send_to(mailbox, message("Überschrift – 二つ"))
        assert isinstance(outcome, Accepted), outcome
        [(recipients, raw)] = mailbox.messages
    assert recipients == (READER,)
    arrived = email.message_from_bytes(raw, policy=email.policy.default)
    assert arrived["Subject"] == "Überschrift – 二つ"
    assert arrived["Message-ID"] == "<1@mail.example>"
    assert arrived.get_body(("plain",)).get_content().splitlines() == ["Hello", ".", "Wörld"]  # type: ignore[union-attr]
    assert arrived.get_body(("html",)).get_content().strip() == "<p>Hello</p>"  # type: ignore[union-attr]
    assert raw.isascii()


def test_one_mail_is_one_mail_whatever_its_text_holds() -> None:
    smuggled = "a\r\n.\r\nMAIL FROM:<evil@mail.example>\r\n\n.\n\r.\rRCPT TO:<x@mail.example>\nDATA\n.\n.."
    with Mailbox() as mailbox:
        assert isinstance(send_to(mailbox, message(text=smuggled)), Accepted)
        assert isinstance(send_to(mailbox, message(text="second")), Accepted)
        assert len(mailbox.messages) == 2
        text = email.message_from_bytes(mailbox.messages[0][1], policy=email.policy.default)
    lines = text.get_body(("plain",)).get_content().splitlines()  # type: ignore[union-attr]
    assert lines.count(".") == 4
    assert lines[-1] == ".."


def test_the_mailbox_keeps_mails_in_the_order_of_arrival_and_can_be_entered_more_than_once_side_by_side() -> None:
    with Mailbox() as one, Mailbox() as other:
        assert one.port != other.port
        send_to(one, message("first"))
        send_to(one, message("second"))
        subjects = [email.message_from_bytes(raw)["Subject"] for _, raw in one.messages]
        assert other.messages == []
    assert subjects == ["first", "second"]


def conversing(answers: dict[str, str]) -> Script:
    """An SMTP server that answers by the first word of each line; an answer of "hang up" ends the connection.

    "banner" stands for the greeting and "text" for the end of the mail's text.
    """
    usual = {"banner": "220 here", "data": "354 go on"}

    def goes_on(conversation: Conversation, word: str) -> bool:
        given = answers.get(word, usual.get(word, "250 fine"))
        if given == "hang up":
            return False
        conversation.send(given.encode() + b"\r\n")
        if given.startswith("354"):
            while conversation.line() not in (b".\r\n", b""):
                pass
            return goes_on(conversation, "text")
        return word != "quit"

    def script(conversation: Conversation) -> None:
        is_open = goes_on(conversation, "banner")
        while is_open and (line := conversation.line()):
            is_open = goes_on(conversation, line.split()[0].split(b":")[0].decode().lower())

    return script


def outcome_of(answers: dict[str, str], **options: Any) -> Accepted | MailFailure:
    with RawServer(conversing(answers)) as server:
        host, port = server.address
        mail = SmtpMail(host=host, port=port, **{"tls": "none", "timeout_s": GIVE_UP_S, **options})
        return mail.send(message(), sender=SENDER, recipient=READER)


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [
        ({"mail": "550 not you"}, Refusal.PERMANENT),
        ({"rcpt": "550 5.1.1 no such user"}, Refusal.PERMANENT),
        ({"rcpt": "552 mailbox full"}, Refusal.PERMANENT),
        ({"data": "554 no"}, Refusal.PERMANENT),
        ({"text": "554 looks like spam"}, Refusal.PERMANENT),
        ({"mail": "451 later"}, Refusal.TEMPORARY),
        ({"rcpt": "450 greylisted"}, Refusal.TEMPORARY),
        ({"data": "421 busy"}, Refusal.TEMPORARY),
        ({"text": "452 disk full"}, Refusal.TEMPORARY),
        ({"mail": "530 log in first"}, Refusal.TEMPORARY),
        ({"banner": "554 go away"}, Refusal.UNREACHABLE),
        ({"banner": "hang up"}, Refusal.UNREACHABLE),
        ({"ehlo": "500 what", "helo": "500 what"}, Refusal.UNREACHABLE),
        ({"mail": "hang up"}, Refusal.TEMPORARY),
        ({"rcpt": "hang up"}, Refusal.TEMPORARY),
        ({"data": "hang up"}, Refusal.TEMPORARY),
        ({"text": "hang up"}, Refusal.UNKNOWN),
        ({"text": "banana"}, Refusal.UNKNOWN),
    ],
)
def test_a_refusal_is_final_passing_or_unknown_by_when_and_how_it_came(
    answers: dict[str, str], refusal: Refusal
) -> None:
    outcome = outcome_of(answers)
    assert isinstance(outcome, MailFailure)
    assert outcome.refusal is refusal
    assert outcome.permanent is (refusal is Refusal.PERMANENT)
    assert outcome.detail
    assert outcome.detail.isprintable()


def test_a_server_that_falls_silent_after_the_text_leaves_the_outcome_unknown() -> None:
    def script(conversation: Conversation) -> None:
        conversation.send(b"220 here\r\n")
        while line := conversation.line():
            if line == b".\r\n":
                conversation.is_gone_within(GIVE_UP_S)
                return
            if line[:4].lower() in (b"ehlo", b"mail", b"rcpt"):
                conversation.send(b"250 fine\r\n")
            if line == b"DATA\r\n":
                conversation.send(b"354 go on\r\n")

    with RawServer(script) as server:
        mail = SmtpMail(host="127.0.0.1", port=server.address[1], tls="none", timeout_s=0.2)
        outcome = mail.send(message(), sender=SENDER, recipient=READER)
    assert isinstance(outcome, MailFailure)
    assert outcome.refusal is Refusal.UNKNOWN


def test_what_happens_after_the_mail_was_taken_changes_nothing() -> None:
    assert outcome_of({"quit": "hang up"}) == Accepted(detail="250 fine")
    assert outcome_of({"quit": "500 no"}) == Accepted(detail="250 fine")


def test_a_connection_is_waited_for_less_long_than_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    waits_s: list[float] = []

    def unanswered(_address: object, timeout: float, *_: object) -> socket.socket:
        waits_s.append(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", unanswered)
    mail = SmtpMail(host="127.0.0.1", port=9, tls="none", timeout_s=30)
    outcome = mail.send(message(), sender=SENDER, recipient=READER)
    assert isinstance(outcome, MailFailure)
    assert outcome.refusal is Refusal.UNREACHABLE
    assert waits_s == [5.0]


def test_a_closed_port_is_a_passing_failure() -> None:
    with RawServer(lambda _: None) as server:
        port = server.address[1]
    outcome = SmtpMail(host="127.0.0.1", port=port, tls="none").send(message(), sender=SENDER, recipient=READER)
    assert isinstance(outcome, MailFailure)
    assert outcome.refusal is Refusal.UNREACHABLE
    assert str(port) in outcome.detail


def test_a_hostile_answer_becomes_one_printable_line() -> None:
    outcome = outcome_of({"rcpt": "550-\x1b[31mred\r\n550 \u202eend " + "x" * 400})
    assert isinstance(outcome, MailFailure)
    assert outcome.detail.isprintable()
    assert len(outcome.detail) <= 200


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_server_without_tls_gets_neither_password_nor_mail(tls: Literal["starttls", "tls"]) -> None:
    with RawServer(conversing({})) as server:
        mail = SmtpMail(
            host="127.0.0.1",
            port=server.address[1],
            tls=tls,
            user="me",
            password="hush",
            timeout_s=0.5,
            ssl_context=client_tls(),
        )
        outcome = mail.send(message(), sender=SENDER, recipient=READER)
        heard = b"".join(server.heard).lower()
    assert isinstance(outcome, MailFailure)
    assert outcome.refusal is Refusal.UNREACHABLE
    assert b"auth" not in heard
    assert b"mail from" not in heard


def test_a_refused_login_can_be_mended_and_does_not_tell_the_password() -> None:
    outcome = outcome_of({"ehlo": "250-here\r\n250 AUTH PLAIN", "auth": "535 no"}, user="me", password="hush")
    assert isinstance(outcome, MailFailure)
    assert outcome.refusal is Refusal.UNREACHABLE
    assert "hush" not in outcome.detail
    assert "hush" not in repr(SmtpMail(host="h", port=25, tls="tls", user="me", password="hush"))


def test_a_password_is_not_sent_in_clear_text_over_a_network() -> None:
    with pytest.raises(ConfigError, match="clear text"):
        SmtpMail(host="mail.example", port=25, tls="none", user="me", password="hush")


# --- what must not be sent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "",
        "reader",
        "reader@mail.example\r\nRCPT TO:<other@mail.example>",
        "reader@mail.example\n",
        "<reader@mail.example>",
        "a b@mail.example",
        "a@b@c.example",
        "réader@mail.example",
        "reader@mail.example SIZE=1",
        "a" * 65 + "@mail.example",
    ],
)
def test_an_address_that_could_say_more_than_an_address_is_refused(address: str, tmp_path: Path) -> None:
    with Mailbox() as mailbox:
        smtp = SmtpMail(host=mailbox.host, port=mailbox.port, tls="none")
        for door in (smtp, FolderMail(path=tmp_path / "mail")):
            for sender, recipient in ((SENDER, address), (address, READER)):
                outcome = door.send(message(), sender=sender, recipient=recipient)
                assert isinstance(outcome, MailFailure)
                assert outcome.permanent
        assert mailbox.messages == []
    assert not (tmp_path / "mail").exists()


@pytest.mark.parametrize(
    "value", ["a\r\nBcc: other@mail.example", "a\nX: y", "a\rX: y", "a\n", "a\0b", "a\r\n\r\nbody"]
)
def test_a_header_with_a_line_break_is_refused(value: str, tmp_path: Path) -> None:
    made = message()
    del made["Subject"]
    made._headers.append(("Subject", value))  # type: ignore[attr-defined] # past the checks of the email package
    outcome = FolderMail(path=tmp_path).send(made, sender=SENDER, recipient=READER)
    assert isinstance(outcome, MailFailure)
    assert outcome.permanent
    assert list(tmp_path.iterdir()) == []


def test_a_header_that_is_folded_is_sent() -> None:
    long = "a long subject " * 20
    parsed = email.message_from_bytes(message(long.strip()).as_bytes(), policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    with Mailbox() as mailbox:
        assert isinstance(send_to(mailbox, parsed), Accepted)
        arrived = email.message_from_bytes(mailbox.messages[0][1], policy=email.policy.default)
    assert arrived["Subject"] == long.strip()


# --- into a folder --------------------------------------------------------------------------------------------------


def in_folder(path: Path, mail: EmailMessage, recipient: str = READER) -> Path:
    outcome = FolderMail(path=path).send(mail, sender=SENDER, recipient=recipient)
    assert isinstance(outcome, Accepted), outcome
    return Path(outcome.detail)


def parsed_file(path: Path) -> Message:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def test_a_mail_becomes_a_file_named_by_date_subject_and_recipient(tmp_path: Path) -> None:
    written = in_folder(tmp_path / "new" / "mail", message("Two stories: [/x] & more"))
    assert written == tmp_path / "new" / "mail" / "2026-01-06-two-stories-x-more-reader@mail.example.eml"
    assert parsed_file(written)["Subject"] == "Two stories: [/x] & more"
    assert list(written.parent.iterdir()) == [written]


def test_the_same_mail_again_changes_nothing_and_another_of_its_name_gets_a_number(tmp_path: Path) -> None:
    one, other = message(), message(text="other")
    first = in_folder(tmp_path, one)
    assert in_folder(tmp_path, one) == first
    second = in_folder(tmp_path, other)
    assert second.name == "2026-01-06-two-stories-reader@mail.example-2.eml"
    assert in_folder(tmp_path, other) == second
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "subject",
    ["", "../../etc/passwd", "/", "...", "a" * 500, "首" * 300, "\u202eevil", "CON", 'a/b\\c:d*e?f"g<h>|i', "-rf"],
)
def test_no_subject_leads_out_of_the_folder_or_makes_a_bad_name(subject: str, tmp_path: Path) -> None:
    written = in_folder(tmp_path / "mail", message(subject), recipient="../../x/..@mail.example")
    assert written.parent == tmp_path / "mail"
    assert written.name.startswith("2026-01-06-")
    assert written.name.isprintable()
    assert len(written.name.encode()) < 250
    assert ".." not in written.name
    assert not set(written.name) & set('/\\:*?"<>| ')


def test_a_mail_without_a_date_says_so_in_its_name(tmp_path: Path) -> None:
    made = message()
    del made["Date"]
    assert in_folder(tmp_path, made).name.startswith("undated-")


def test_a_folder_that_cannot_be_written_is_a_passing_failure(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file and no folder")
    outcome = FolderMail(path=tmp_path / "mail").send(message(), sender=SENDER, recipient=READER)
    assert isinstance(outcome, MailFailure)
    assert outcome.refusal is Refusal.TEMPORARY
    assert str(tmp_path / "mail") in outcome.detail
