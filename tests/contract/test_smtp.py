"""Mail over SMTP, against real servers that behave well or badly."""

from __future__ import annotations

import dataclasses
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mail_peers import (
    HANG_UP,
    PIPELINING,
    SILENCE,
    Authenticator,
    Certificates,
    EnvelopeFolder,
    ScriptedPeer,
    certificates,
    hanging_up_during_data,
)
from mail_samples import (
    BOUNCES,
    MESSAGE,
    PERMANENT,
    SENDER,
    TEMPORARY,
    UNCERTAIN,
    failure,
    numbered,
    smtp_to,
)

from baken.channels import (
    Attachment,
)
from baken.channels.mail import SmtpChannel
from baken.core.errors import About, ChannelError
from baken.specimen.mail_server import FolderMailServer

# SMTP: what goes over the line.


def test_the_envelope_is_ours_and_the_mail_arrives_as_made(tmp_path: Path) -> None:
    mails = EnvelopeFolder(tmp_path)
    with FolderMailServer(mails) as server, smtp_to(server.port) as channel:
        channel.send(MESSAGE)
        [mail] = server.messages()
    assert mails.envelopes == [(BOUNCES, ["beheer@bakkerij.example"])]
    assert mail["From"] == SENDER
    assert mail["Message-ID"] == "<7f3a.1@baken.example>"
    attachment = next(mail.iter_attachments())
    assert attachment.get_content() == "adres;plaats\r\n192.0.2.1;Één\r\n"


@pytest.fixture(params=[False, True], ids=["plain", "pipelined"])
def greeted(request: pytest.FixtureRequest) -> dict[str, str]:
    """What the peer says to EHLO: usually nothing of PIPELINING, or that it knows it."""
    return {"EHLO": PIPELINING} if request.param else {}


def test_one_connection_carries_many_messages(greeted: dict[str, str]) -> None:
    with ScriptedPeer(**greeted) as peer, smtp_to(peer.port) as channel:
        for number in range(5):
            channel.send(numbered(number))
    assert peer.connections == 1
    assert len(peer.mails) == 5
    assert peer.heard[-1].upper() == "QUIT"
    assert "rset" not in peer.heard


def test_a_line_with_a_dot_does_not_end_the_mail() -> None:
    with ScriptedPeer() as peer, smtp_to(peer.port) as channel:
        channel.send(MESSAGE)
    [on_the_line] = peer.mails
    assert b"\r\n..Een regel" in on_the_line
    assert b"\r\n..\r\n" in on_the_line
    assert on_the_line.count(b"\r\n.\r\n") == 1


def test_bare_line_ends_never_reach_the_line() -> None:
    tricky = dataclasses.replace(MESSAGE, text="TLP:AMBER\n.\rMAIL\n.\n\r.\r\nx\r\n.\r\n")
    with ScriptedPeer() as peer, smtp_to(peer.port) as channel:
        channel.send(tricky)
    [on_the_line] = peer.mails
    rest = on_the_line.replace(b"\r\n", b"")
    assert b"\r" not in rest
    assert b"\n" not in rest


def test_a_domain_outside_ascii_becomes_idna() -> None:
    message = dataclasses.replace(MESSAGE, recipient_address="info@Bäckerei.example")
    with ScriptedPeer() as peer, smtp_to(peer.port) as channel:
        channel.send(message)
    assert "RCPT TO:<info@xn--bckerei-5wa.example>" in with_upper_command(peer.heard)


def test_smtputf8_is_used_only_for_a_local_part_outside_ascii(tmp_path: Path) -> None:
    mails = EnvelopeFolder(tmp_path)
    with FolderMailServer(mails) as server, smtp_to(server.port) as channel:
        channel.send(dataclasses.replace(MESSAGE, recipient_address="zoë@bakkerij.example"))
        [mail] = server.messages()
    assert mails.envelopes == [(BOUNCES, ["zoë@bakkerij.example"])]
    assert "zoë@bakkerij.example" in str(mail["To"])


def test_a_server_without_smtputf8_cannot_carry_such_an_address() -> None:
    with ScriptedPeer() as peer, smtp_to(peer.port) as channel:
        error = failure(
            channel, dataclasses.replace(MESSAGE, recipient_address="zoë@bakkerij.example")
        )
        assert error.permanent
        assert error.about is About.ADDRESS
        channel.send(MESSAGE)
    assert len(peer.mails) == 1


def test_a_bounce_address_of_ours_that_the_server_cannot_take_blames_no_recipient() -> None:
    with (
        ScriptedPeer() as peer,
        smtp_to(peer.port, envelope_from="zoë@baken.example") as channel,
    ):
        error = failure(channel)
    assert (error.about, error.permanent) == (About.US, False)
    assert peer.mails == []


@pytest.mark.parametrize(
    "address",
    ["", "geen", "a@", "@b.example", "a b@c.example", "a@b.example>\r\nRCPT TO:<c@d.example",
     "a@b.example, c@d.example", "<a@b.example>", "a@b..example", ".a@b.example", "a\x00@b.example",
     "a@b.example\nBcc: x@y.example", '"a b"@c.example', "a" * 65 + "@b.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_anything_is_sent(address: str) -> None:
    with ScriptedPeer() as peer, smtp_to(peer.port) as channel:
        error = failure(channel, dataclasses.replace(MESSAGE, recipient_address=address))
    assert error.permanent
    assert error.about is About.ADDRESS
    assert peer.connections == 0


@pytest.mark.parametrize("field", ["sender", "envelope_from", "reply_to"])
def test_an_address_of_ours_that_is_wrong_stops_at_once(field: str) -> None:
    with pytest.raises(ValueError, match="not a mail address"):
        smtp_to(25, **{field: "geen adres"})


# SMTP: what each failure means.

OUT_OF_ORDER = {
    "RCPT": ["503 5.5.1 no sender", "250 ok"],
    "DATA": ["503 5.5.1 no recipient", "354 go on"],
}


@pytest.mark.parametrize(
    ("replies", "meaning", "about"),
    [
        ({"greeting": "421 4.3.2 later"}, TEMPORARY, About.US),
        ({"greeting": "554 5.3.2 no"}, TEMPORARY, About.US),
        ({"greeting": HANG_UP}, TEMPORARY, About.US),
        ({"greeting": SILENCE}, TEMPORARY, About.US),
        ({"greeting": "HTTP/1.1 400 Bad Request"}, TEMPORARY, About.US),
        ({"EHLO": HANG_UP}, TEMPORARY, About.US),
        ({"MAIL": "451 4.3.0 later"}, TEMPORARY, About.US),
        ({"MAIL": "550 5.1.8 sender unknown"}, TEMPORARY, About.US),
        ({"MAIL": "421 4.3.2 going down"}, TEMPORARY, About.US),
        ({"MAIL": SILENCE}, TEMPORARY, About.US),
        ({"RCPT": "550 5.1.1 no such mailbox"}, PERMANENT, About.ADDRESS),
        ({"RCPT": "553 5.1.3 bad address"}, PERMANENT, About.ADDRESS),
        ({"RCPT": "551 not here"}, PERMANENT, About.ADDRESS),
        ({"RCPT": "450 4.7.1 greylisted"}, TEMPORARY, About.ADDRESS),
        ({"RCPT": "552 5.2.2 mailbox full"}, TEMPORARY, About.MAILBOX),
        ({"RCPT": "552 mailbox full"}, TEMPORARY, About.MAILBOX),
        ({"RCPT": "452 4.2.2 mailbox full"}, TEMPORARY, About.MAILBOX),
        ({"RCPT": "450 4.2.1 try later"}, TEMPORARY, About.ADDRESS),
        ({"RCPT": "550 relay not permitted"}, TEMPORARY, About.US),
        ({"RCPT": "550 5.1.8 Sender address rejected"}, TEMPORARY, About.US),
        ({"RCPT": "550 5.4.5 quota"}, TEMPORARY, About.US),
        ({"RCPT": "501 5.5.2 Helo rejected"}, TEMPORARY, About.US),
        ({"RCPT": "421 4.3.2 going down"}, TEMPORARY, About.US),
        ({"RCPT": "530 5.7.0 authentication required"}, TEMPORARY, About.US),
        ({"RCPT": "503 5.5.1 wrong order"}, TEMPORARY, About.US),
        ({"RCPT": "554 5.7.1 relay access denied"}, TEMPORARY, About.US),
        ({"RCPT": "nonsense"}, TEMPORARY, About.US),
        ({"RCPT": HANG_UP}, TEMPORARY, About.US),
        ({"RCPT": SILENCE}, TEMPORARY, About.US),
        ({"DATA": "451 4.3.0 later"}, TEMPORARY, About.US),
        ({"DATA": "554 5.6.0 no valid recipients"}, PERMANENT, About.MESSAGE),
        ({"DATA": "421 4.3.2 going down"}, TEMPORARY, About.US),
        ({"DATA": HANG_UP}, TEMPORARY, About.US),
        ({"DATA": SILENCE}, TEMPORARY, About.US),
        ({"end": "552 5.3.4 too large"}, PERMANENT, About.MESSAGE),
        ({"end": "554 5.7.1 content refused"}, TEMPORARY, About.US),
        ({"end": "550 5.7.26 unauthenticated"}, TEMPORARY, About.US),
        ({"end": "451 4.7.1 greylisted"}, TEMPORARY, About.MESSAGE),
        ({"end": "421 4.3.2 going down"}, TEMPORARY, About.US),
        ({"end": HANG_UP}, UNCERTAIN, About.US),
        ({"end": SILENCE}, UNCERTAIN, About.US),
        ({"end": "nonsense"}, UNCERTAIN, About.US),
        ({"end": "354 still going on"}, UNCERTAIN, About.US),
    ],
    ids=lambda value: " ".join(f"{k} {v[:12]}" for k, v in value.items())
    if isinstance(value, dict)
    else None,
)  # fmt: skip
def test_a_failure_means(
    replies: dict[str, str], meaning: tuple[bool, bool], about: About, greeted: dict[str, str]
) -> None:
    with (
        ScriptedPeer(**{**greeted, **replies}) as peer,
        smtp_to(peer.port, timeout_seconds=0.15) as channel,
    ):
        error = failure(channel)
    assert (error.permanent, error.uncertain) == meaning
    assert error.about is about
    [reply] = replies.values()
    if reply[:3].isdigit() and "going on" not in reply:
        assert reply in error.reply


@pytest.mark.parametrize(
    "replies",
    [
        {"RCPT": ["550 5.1.1 no such mailbox", "250 ok"]},
        {"RCPT": ["450 4.2.1 later", "250 ok"]},
        {"MAIL": ["451 4.3.0 later", "250 ok"]},
        {"end": ["552 5.3.4 too large", "250 ok"]},
    ],
)
def test_after_a_refusal_the_same_connection_carries_the_next(
    replies: dict[str, Any], greeted: dict[str, str]
) -> None:
    if greeted and "MAIL" in replies:  # the rest of the packet is out of order then
        replies = {**replies, **OUT_OF_ORDER}
    with ScriptedPeer(**greeted, **replies) as peer, smtp_to(peer.port) as channel:
        failure(channel, numbered(1))
        channel.send(numbered(2))
    assert peer.connections == 1
    assert "rset" in [line.lower() for line in peer.heard]


@pytest.mark.parametrize(
    "replies",
    [
        {"RCPT": [HANG_UP, "250 ok"]},
        {"RCPT": ["421 4.3.2 bye", "250 ok"]},
        {"DATA": [HANG_UP, "354 go on"]},
        {"end": [HANG_UP, "250 ok"]},
        {"end": [SILENCE, "250 ok"]},
        {"greeting": ["421 4.3.2 later", "220 ready"]},
    ],
)
def test_after_a_break_the_next_goes_over_a_new_connection(
    replies: dict[str, Any], greeted: dict[str, str]
) -> None:
    with (
        ScriptedPeer(**greeted, **replies) as peer,
        smtp_to(peer.port, timeout_seconds=0.15) as channel,
    ):
        failure(channel, numbered(1))
        channel.send(numbered(2))
    assert peer.connections == 2
    assert b"2.n@baken.example" in peer.mails[-1]


def test_a_server_that_says_one_thing_too_many_costs_one_attempt_and_no_wait(
    greeted: dict[str, str],
) -> None:
    # Each reply that follows stands beside the wrong command.
    replies = {"end": ["250 taken\r\n250 and again", "250 ok"]}
    with (
        ScriptedPeer(**greeted, **replies) as peer,
        smtp_to(peer.port, timeout_seconds=5) as channel,
    ):
        channel.send(numbered(1))
        assert failure(channel, numbered(2)).about is About.US
        started_at = time.monotonic()
        channel.send(numbered(3))
    assert time.monotonic() - started_at < 2
    assert b"3.n@baken.example" in peer.mails[-1]


@pytest.mark.parametrize("farewell", [HANG_UP, "421 4.4.2 idle too long"])
def test_a_connection_closed_between_two_mails_is_replaced_unnoticed(
    farewell: str, greeted: dict[str, str]
) -> None:
    with (
        ScriptedPeer(**greeted, MAIL=["250 ok", farewell, "250 ok"]) as peer,
        smtp_to(peer.port) as channel,
    ):
        channel.send(numbered(1))
        channel.send(numbered(2))
    assert peer.connections == 2
    assert len(peer.mails) == 2


def test_a_mail_cut_off_before_its_end_is_certainly_not_handed_over() -> None:
    large = dataclasses.replace(
        MESSAGE, attachments=(Attachment("groot.bin", "application/octet-stream", bytes(9 << 20)),)
    )
    with hanging_up_during_data() as port, smtp_to(port) as channel:
        error = failure(channel, large)
    assert (error.permanent, error.uncertain) == TEMPORARY
    assert error.about is About.US


def test_nobody_listening_is_temporary() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = failure(smtp_to(port))
    assert (error.permanent, error.uncertain) == TEMPORARY
    assert error.about is About.US
    assert "refused" in error.reply


@pytest.mark.parametrize("host", ["mail.invalid", "a..b", "x" * 70 + ".invalid"])
def test_a_host_that_has_no_address_is_temporary(host: str) -> None:
    error = failure(smtp_to(25, host=host))
    assert (error.permanent, error.uncertain) == TEMPORARY
    assert error.about is About.US


def test_a_reply_is_kept_short_and_clean() -> None:
    shout = "550 5.1.1 \x1b[31mno\x07" + "o" * 2000
    with ScriptedPeer(RCPT=shout) as peer, smtp_to(peer.port) as channel:
        error = failure(channel)
    assert len(error.reply) < 550
    assert error.reply.isprintable()


# SMTP: several commands in one packet.


def carried_by(peer: ScriptedPeer, *, mails: int) -> ScriptedPeer:
    with peer, smtp_to(peer.port) as channel:
        for number in range(mails):
            channel.send(numbered(number))
    return peer


def test_pipelining_halves_the_round_trips_and_changes_nothing_else() -> None:
    plain = carried_by(ScriptedPeer(), mails=5)
    pipelined = carried_by(ScriptedPeer(EHLO=PIPELINING), mails=5)
    assert plain.reads - pipelined.reads == 5 * 2
    assert pipelined.heard == plain.heard
    assert pipelined.mails == plain.mails


def test_nothing_follows_a_refusal_where_pipelining_is_not_announced() -> None:
    with ScriptedPeer(RCPT="550 5.1.1 no") as peer, smtp_to(peer.port) as channel:
        failure(channel)
    assert [line.split()[0].upper() for line in peer.heard] == ["EHLO", "MAIL", "RCPT", "QUIT"]


def test_a_server_that_waits_for_a_mail_to_nobody_gets_an_empty_one() -> None:
    replies: dict[str, Any] = {
        "RCPT": ["550 5.1.1 no such mailbox", "250 ok"],
        "end": ["554 5.5.1 no valid recipients", "250 ok"],
    }
    with ScriptedPeer(EHLO=PIPELINING, **replies) as peer, smtp_to(peer.port) as channel:
        error = failure(channel, numbered(1))
        channel.send(numbered(2))
    assert (error.about, error.permanent, error.uncertain) == (About.ADDRESS, True, False)
    assert "no such mailbox" in error.reply
    assert peer.connections == 1
    assert peer.mails[0] == b".\r\n"
    assert b"2.n@baken.example" in peer.mails[1]
    assert len(peer.mails) == 2


def test_a_server_that_refuses_data_too_gets_no_content() -> None:
    replies: dict[str, Any] = {"MAIL": ["451 4.3.0 later", "250 ok"], **OUT_OF_ORDER}
    with ScriptedPeer(EHLO=PIPELINING, **replies) as peer, smtp_to(peer.port) as channel:
        error = failure(channel, numbered(1))
        channel.send(numbered(2))
    assert "MAIL FROM: 451" in error.reply
    assert peer.connections == 1
    assert len(peer.mails) == 1


def test_a_server_that_took_the_recipient_after_all_gets_no_empty_mail() -> None:
    replies: dict[str, Any] = {"MAIL": ["451 4.3.0 later", "250 ok"]}
    with ScriptedPeer(EHLO=PIPELINING, **replies) as peer, smtp_to(peer.port) as channel:
        failure(channel, numbered(1))
        channel.send(numbered(2))
    assert peer.connections == 2
    assert [b"2.n@baken.example" in mail for mail in peer.mails] == [True]


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
@pytest.mark.parametrize("answer", [HANG_UP, SILENCE, "421 4.3.2 going down"])
def test_what_breaks_between_the_packet_and_its_replies_is_certainly_not_handed_over(
    step: str, answer: str
) -> None:
    replies: dict[str, Any] = {step: [answer, "354 go on" if step == "DATA" else "250 ok"]}
    with (
        ScriptedPeer(EHLO=PIPELINING, **replies) as peer,
        smtp_to(peer.port, timeout_seconds=0.15) as channel,
    ):
        error = failure(channel, numbered(1))
        channel.send(numbered(2))
    assert (error.about, error.permanent, error.uncertain) == (About.US, False, False)
    assert peer.connections == 2
    assert [b"2.n@baken.example" in mail for mail in peer.mails] == [True]


def test_a_refusal_stands_when_the_server_hangs_up_on_the_empty_mail() -> None:
    replies: dict[str, Any] = {"RCPT": ["550 5.1.1 no", "250 ok"], "end": [HANG_UP, "250 ok"]}
    with ScriptedPeer(EHLO=PIPELINING, **replies) as peer, smtp_to(peer.port) as channel:
        assert failure(channel, numbered(1)).permanent
        channel.send(numbered(2))
    assert peer.connections == 2


# SMTP: encryption and login.


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("tls"), name="trusted")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("tls"), name="other")


@dataclass
class SecureServer:
    """A server that demands encryption and a login, in one of two ways."""

    server: FolderMailServer
    security: str
    tried: list[bytes]


on_encrypted_ports = pytest.mark.filterwarnings(
    # aiosmtpd knows only of encryption that it began itself.
    "ignore:Requiring AUTH while not requiring TLS:UserWarning"
)


@pytest.fixture(params=["starttls", pytest.param("tls", marks=on_encrypted_ports)])
def secure(
    request: pytest.FixtureRequest, trusted: Certificates, tmp_path: Path
) -> Iterator[SecureServer]:
    tried: list[bytes] = []
    protocol: dict[str, Any] = {
        "authenticator": Authenticator("geheim", tried),
        "auth_required": True,
    }
    if request.param == "starttls":
        protocol |= {"tls_context": trusted.server, "require_starttls": True}
        wrapped = None
    else:
        protocol |= {"auth_require_tls": False}
        wrapped = trusted.server
    with FolderMailServer(tmp_path, ssl_context=wrapped, protocol=protocol) as server:
        yield SecureServer(server, request.param, tried)


def test_a_login_over_tls_works(secure: SecureServer, trusted: Certificates) -> None:
    with secured(secure, ca_file=trusted.authority) as channel:
        channel.send(numbered(1))
        channel.send(numbered(2))
        found = channel.check()
    assert len(secure.server.messages()) == 2
    assert set(secure.tried) == {b"geheim"}
    assert "TLSv1." in found
    assert "logged in as baken" in found
    assert secure.server.host not in found, "baken doctor names the place before it"


def test_a_refused_login_is_ours_to_solve(secure: SecureServer, trusted: Certificates) -> None:
    with secured(secure, ca_file=trusted.authority, password="fout") as channel:
        error = failure(channel)
        with pytest.raises(ChannelError, match="535"):
            channel.check()
    assert (error.permanent, error.uncertain) == TEMPORARY
    assert error.about is About.US
    assert "535" in error.reply
    assert "fout" not in error.reply


def test_no_login_where_one_is_demanded_is_ours_to_solve(
    secure: SecureServer, trusted: Certificates
) -> None:
    with secured(secure, ca_file=trusted.authority, user="", password="") as channel:
        error = failure(channel)
    assert (error.about, error.permanent) == (About.US, False)


def test_an_unknown_authority_is_not_trusted(secure: SecureServer, other: Certificates) -> None:
    for authority in (other.authority, None):
        with secured(secure, ca_file=authority) as channel:
            error = failure(channel)
        assert (error.permanent, error.uncertain) == TEMPORARY
        assert error.about is About.US
        assert "certificate verify failed" in error.reply
    assert secure.tried == []
    assert secure.server.paths() == []


def test_a_certificate_for_another_host_is_not_trusted(tmp_path: Path) -> None:
    elsewhere = certificates(tmp_path, name="elsewhere", host="mail.example")
    with (
        FolderMailServer(tmp_path / "out", ssl_context=elsewhere.server) as server,
        smtp_to(server.port, security="tls", ca_file=elsewhere.authority) as channel,
    ):
        error = failure(channel)
        assert server.paths() == []
    assert not error.permanent
    assert error.about is About.US


def test_a_missing_authority_file_is_told() -> None:
    error = failure(smtp_to(25, security="tls", ca_file=Path("/nowhere/ca.pem")))
    assert not error.permanent
    assert error.about is About.US
    assert "No such file" in error.reply


def test_starttls_is_demanded_and_nothing_is_said_without_it() -> None:
    with (
        ScriptedPeer() as peer,
        smtp_to(peer.port, security="starttls", user="baken", password="geheim") as channel,
    ):
        error = failure(channel)
    assert (error.permanent, error.uncertain) == TEMPORARY
    assert error.about is About.US
    assert "STARTTLS" in error.reply
    assert {line.split()[0].upper() for line in peer.heard} == {"EHLO"}


@pytest.mark.parametrize("answer", ["454 4.7.0 not now", "220 go on", HANG_UP])
def test_a_failing_starttls_falls_back_to_nothing(answer: str) -> None:
    with (
        ScriptedPeer(EHLO="250-peer.example\r\n250 STARTTLS", STARTTLS=answer) as peer,
        smtp_to(peer.port, security="starttls", timeout_seconds=0.3) as channel,
    ):
        error = failure(channel)
    assert (error.about, error.permanent) == (About.US, False)
    assert not [line for line in peer.heard if line.upper().startswith(("MAIL", "AUTH"))]
    assert peer.mails == []


def test_a_password_never_goes_unencrypted() -> None:
    with (
        ScriptedPeer(EHLO="250-peer.example\r\n250 AUTH PLAIN LOGIN") as peer,
        smtp_to(peer.port, user="baken", password="geheim") as channel,
    ):
        error = failure(channel)
    assert not error.permanent
    assert error.about is About.US
    assert "TLS" in error.reply
    assert peer.heard == []


def test_a_password_outside_ascii_is_told_and_not_shown(
    secure: SecureServer, trusted: Certificates
) -> None:
    with secured(secure, ca_file=trusted.authority, password="gehéim") as channel:
        error = failure(channel)
    assert not error.permanent
    assert error.about is About.US
    assert "ASCII" in error.reply
    assert "é" not in error.reply


# What the tests share.


def secured(secure: SecureServer, **changed: Any) -> SmtpChannel:
    login = {"security": secure.security, "user": "baken", "password": "geheim"}
    return smtp_to(secure.server.port, **{**login, **changed})


def with_upper_command(lines: list[str]) -> list[str]:
    return [line[:4].upper() + line[4:] for line in lines]
