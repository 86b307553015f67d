"""What every channel promises, over every line of the table; then SMTP, against real servers."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import re
import smtplib
import socket
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any, Self

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

from baken.channels import (
    CHANNELS,
    Attachment,
    Carries,
    Channel,
    ChannelKind,
    Message,
    Receipt,
    Rendered,
)
from baken.channels.folder import FolderChannel
from baken.channels.mail import SmtpChannel, mail_bytes
from baken.channels.message import refuse_what_is_not_carried
from baken.channels.stdout import StdoutChannel
from baken.core.classification import Tlp
from baken.core.errors import About, ChannelError
from baken.core.text import many_lines, one_line
from baken.settings.environment import Settings, read_settings
from baken.specimen.mail_server import FolderMailServer, MailFolder, MailServerProcess

SENDER = "Nationaal Waarschuwingscentrum <waarschuwing@baken.example>"
BOUNCES = "bounces@baken.example"
MESSAGE = Message(
    id="7f3a.1@baken.example",
    recipient_address="beheer@bakkerij.example",
    recipient_name="Zoë van der Meij",
    language="nl",
    subject="[TLP:AMBER] Eén systeem van u staat open voor aanvallers",
    text="TLP:AMBER\n\nBeste Zoë,\n\n.Een regel die met een punt begint.\n.\nTot ziens.\n",
    html="<p>TLP:AMBER</p><p>Beste Zoë</p>",
    tlp=Tlp.AMBER,
    made_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
    attachments=(
        Attachment("systemen.csv", "text/csv", "adres;plaats\r\n192.0.2.1;Één\r\n".encode()),
    ),
)
HOSTILE = (
    "x\r\nBcc: spion@kwaad.example\r\n\r\nhallo\x00\x1b[2J\x85\u2028Bcc: y@kwaad.example\ud800"
)


class ListChannel:
    """A made-up channel of short texts, without attachments, that keeps what it is given."""

    carries = Carries(encryption=False, attachments=False, longest_text=300)

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def send(self, message: Message) -> Receipt:
        self.lines.append(short_text(message).content)
        return Receipt("kept")

    def check(self) -> str:
        return "keeps a list"


def short_text(message: Message) -> Rendered:
    refuse_what_is_not_carried(message, ListChannel.carries)
    head = (f"{message.recipient_name} {message.recipient_address}", message.subject)
    lines = [*(one_line(line) for line in head), "", many_lines(message.text)]
    return Rendered(".sms", "\n".join(lines).encode())


MADE_UP = ChannelKind(
    key="list",
    carries=ListChannel.carries,
    is_for_people=True,
    open=lambda _settings: ListChannel(),
    rendering=lambda _settings: short_text,
    address_fault=lambda address: (
        "" if re.fullmatch(r"\+[0-9 ]+", address) else "This is no telephone number."
    ),
    subject="made-up way",
    address_noun="made-up address",
    place=lambda _settings: "a list",
    remedy="Make it up again.",
)


# The contract of every channel.


@dataclass
class Trial:
    """A channel and what came out at its other end, as bytes."""

    channel: Channel
    carried: Callable[[], list[bytes]]


def mail_trial(folder: Path) -> Iterator[Trial]:
    with FolderMailServer(folder) as server, smtp_to(server.port) as channel:
        yield Trial(channel, lambda: [path.read_bytes() for path in server.paths()])


def stdout_trial(_folder: Path) -> Iterator[Trial]:
    stream = io.StringIO()
    separator = "=" * 72
    with StdoutChannel(stream) as channel:
        yield Trial(
            channel, lambda: [part.encode() for part in stream.getvalue().split(separator)[1:]]
        )


def folder_trial(folder: Path) -> Iterator[Trial]:
    carried: list[bytes] = []

    def gather() -> list[bytes]:
        carried.extend(path.read_bytes() for path in folder.glob("*.eml"))
        return carried

    with folder_of_mails(folder) as channel:
        yield Trial(channel, gather)


def list_trial(_folder: Path) -> Iterator[Trial]:
    with ListChannel() as channel:
        yield Trial(channel, lambda: channel.lines)


TRIALS = {
    "mail": mail_trial,
    "stdout": stdout_trial,
    "folder": folder_trial,
    MADE_UP.key: list_trial,
}
KINDS = {**CHANNELS, MADE_UP.key: MADE_UP}


def test_every_channel_of_the_table_is_under_contract() -> None:
    assert set(TRIALS) == set(KINDS)
    assert [key for key, kind in KINDS.items() if key != kind.key] == []


@pytest.fixture(params=sorted(KINDS))
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trial]:
    yield from TRIALS[request.param](tmp_path / "out")


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> ChannelKind:
    return KINDS[request.param]


@pytest.fixture
def ours(tmp_path: Path) -> Settings:
    return read_settings({"BAKEN_HOME": str(tmp_path), "BAKEN_MAIL_FROM": SENDER})


def fitting(message: Message, carries: Carries) -> Message:
    """`message` without what a channel cannot take along."""
    return message if carries.attachments else dataclasses.replace(message, attachments=())


def test_a_message_goes_through_whole(trial: Trial) -> None:
    receipt = trial.channel.send(fitting(MESSAGE, trial.channel.carries))
    [carried] = trial.carried()
    assert receipt.reply
    shown = readable(carried)
    assert MESSAGE.text.strip() in shown
    assert MESSAGE.subject in shown
    assert MESSAGE.recipient_name in shown
    assert MESSAGE.recipient_address in shown
    assert "systemen.csv" in shown or not trial.channel.carries.attachments


def test_the_same_message_twice_is_the_same_bytes(trial: Trial) -> None:
    message = fitting(MESSAGE, trial.channel.carries)
    trial.channel.send(message)
    first = trial.carried()[-1]
    trial.channel.send(dataclasses.replace(message))
    assert trial.carried()[-1] == first


def test_red_is_refused_for_good_and_goes_nowhere(trial: Trial) -> None:
    red = dataclasses.replace(
        MESSAGE, tlp=Tlp.RED, subject="TLP:RED geheim", text="TLP:RED", html=None
    )
    with pytest.raises(ChannelError, match="encrypted") as caught:
        trial.channel.send(red)
    assert caught.value.permanent
    assert caught.value.about is About.MESSAGE
    assert trial.carried() == []


@pytest.mark.parametrize(
    "hostile",
    [
        {"recipient_name": HOSTILE},
        {"subject": f"TLP:AMBER {HOSTILE}"},
        {"text": f"TLP:AMBER {HOSTILE}"},
        {"attachments": (Attachment(HOSTILE, "text/csv", b"a\r\n"),)},
    ],
    ids=lambda hostile: next(iter(hostile)),
)
def test_hostile_values_add_no_header_and_no_control_character(
    trial: Trial, hostile: dict[str, Any]
) -> None:
    message = dataclasses.replace(MESSAGE, **hostile)
    trial.channel.send(fitting(message, trial.channel.carries))
    [carried] = trial.carried()
    head = carried.replace(b"\r\n", b"\n").partition(b"\n\n" if b"MIME" in carried else b"TLP")[0]
    assert not [line for line in head.split(b"\n") if line.lower().startswith(b"bcc")]
    assert not set(readable(carried)) & set("\x00\x1b\x85\u2028\ud800")


def test_what_a_channel_cannot_take_along_is_refused_for_good(trial: Trial) -> None:
    carries = trial.channel.carries
    too_much = []
    if not carries.attachments:
        too_much.append(MESSAGE)
    if carries.longest_text is not None:
        longer = MESSAGE.text + "x" * carries.longest_text
        too_much.append(fitting(dataclasses.replace(MESSAGE, text=longer), carries))
    for message in too_much:
        with pytest.raises(ChannelError, match="carries") as caught:
            trial.channel.send(message)
        assert (caught.value.about, caught.value.permanent) == (About.MESSAGE, True)
    assert trial.carried() == []


def test_a_kind_opens_a_channel_that_carries_what_it_says(
    kind: ChannelKind, ours: Settings
) -> None:
    with kind.open(ours) as channel, kind.open(ours) as another:
        assert channel is not another
        assert channel.carries == kind.carries


def test_only_mail_reaches_people() -> None:
    assert [key for key, kind in CHANNELS.items() if kind.is_for_people] == ["mail"]


def test_a_dry_run_writes_the_very_bytes_of_any_kind(
    kind: ChannelKind, ours: Settings, tmp_path: Path
) -> None:
    rendering = kind.rendering(ours)
    message = fitting(MESSAGE, kind.carries)
    rendered = rendering(message)
    with FolderChannel(tmp_path / "dry", rendering=rendering, carries=kind.carries) as folder:
        receipt = folder.send(message)
    assert Path(receipt.reply).name == f"{message.id}{rendered.file_suffix}"
    assert Path(receipt.reply).read_bytes() == rendered.content
    assert message.text.strip() in readable(rendered.content)
    red = dataclasses.replace(message, tlp=Tlp.RED, subject="TLP:RED", text="TLP:RED", html=None)
    with pytest.raises(ChannelError, match="encrypted"):
        rendering(red)


def test_a_kind_says_why_an_address_is_none(kind: ChannelKind) -> None:
    good = {"stdout": "", MADE_UP.key: "+31 70 000 0000"}.get(kind.key, "info@bäckerei.example")
    assert kind.address_fault(good) == ""
    if kind.key != "stdout":
        fault = kind.address_fault("nobody\x1b at all")
        assert fault
        assert fault.isprintable()


def test_mail_carries_what_its_rendering_gives(tmp_path: Path, ours: Settings) -> None:
    kind = CHANNELS["mail"]
    with FolderMailServer(tmp_path / "out") as server:
        reached = dataclasses.replace(
            ours,
            smtp=dataclasses.replace(
                ours.smtp, host=server.host, port=server.port, security="none"
            ),
        )
        with kind.open(reached) as channel:
            channel.send(MESSAGE)
        [path] = server.paths()
    assert path.read_bytes() == kind.rendering(ours)(MESSAGE).content


def test_check_says_in_one_line_what_it_found(trial: Trial) -> None:
    found = trial.channel.check()
    assert found
    assert "\n" not in found
    assert trial.carried() == []


def test_the_folder_is_told_when_it_cannot_be_written(tmp_path: Path) -> None:
    in_the_way = tmp_path / "out"
    in_the_way.write_text("a file")
    channel = folder_of_mails(in_the_way)
    for attempt in (channel.check, lambda: channel.send(MESSAGE)):
        with pytest.raises(ChannelError) as caught:
            attempt()
        assert not caught.value.permanent
        assert caught.value.about is About.US


def test_a_closed_stream_is_a_temporary_failure() -> None:
    stream = io.StringIO()
    stream.close()
    with pytest.raises(ChannelError) as caught:
        StdoutChannel(stream).send(MESSAGE)
    assert not caught.value.permanent
    assert caught.value.about is About.US


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

TEMPORARY = (False, False)
PERMANENT = (True, False)
UNCERTAIN = (False, True)
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
        ({"RCPT": "552 5.2.2 mailbox full"}, PERMANENT, About.MAILBOX),
        ({"RCPT": "450 4.2.1 try later"}, TEMPORARY, About.MAILBOX),
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
        ({"end": "554 5.7.1 content refused"}, PERMANENT, About.MESSAGE),
        ({"end": "550 5.7.1 looks like spam"}, PERMANENT, About.MESSAGE),
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


# The mail server of the demo.


def test_the_mail_server_numbers_on_in_a_folder_that_holds_mails(tmp_path: Path) -> None:
    for number in (1, 2):
        with FolderMailServer(tmp_path) as server, smtp_to(server.port) as channel:
            channel.send(numbered(number))
    assert [path.name for path in server.paths()] == [
        "000001-1.n@baken.example.eml",
        "000002-2.n@baken.example.eml",
    ]


def test_the_mail_server_takes_many_connections_in_a_row(tmp_path: Path) -> None:
    with FolderMailServer(tmp_path) as server:
        for number in range(100):
            with smtp_to(server.port) as channel:
                channel.send(numbered(number))
        assert len(server.messages()) == 100


def test_the_mail_server_stops_while_somebody_is_connected(tmp_path: Path) -> None:
    server = FolderMailServer(tmp_path)
    server.start()
    with smtp_to(server.port) as channel:
        channel.send(numbered(1))
        server.stop()
        error = failure(channel, numbered(2))
    assert (error.permanent, error.uncertain) == TEMPORARY
    assert error.about is About.US


AWKWARD_BODIES = ["", ".\n", "..\n.x\nends.\n", "x." * 40 + "\n.\n", "a.\n.\nb.\n..\n"]


@pytest.mark.parametrize("body", AWKWARD_BODIES)
def test_the_mail_server_keeps_what_was_sent_dots_and_all(tmp_path: Path, body: str) -> None:
    message = dataclasses.replace(MESSAGE, text=f"TLP:AMBER\n{body}", attachments=(), html=None)
    with FolderMailServer(tmp_path) as server, smtp_to(server.port) as channel:
        channel.send(message)
        [path] = server.paths()
    assert path.read_bytes() == mail_bytes(message, sender=SENDER, reply_to="")


@pytest.mark.parametrize("pieces", ["whole", "cut"])
def test_the_mail_server_takes_a_mail_however_it_is_cut(tmp_path: Path, pieces: str) -> None:
    talk = (
        b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
        b".\r\n"
        b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
        b"..one.\r\n\r\n..\r\nend.\r\n.\r\nQUIT\r\n"
    )
    with (
        FolderMailServer(tmp_path) as server,
        socket.create_connection((server.host, server.port)) as line,
    ):
        for at in range(0, len(talk), 1 if pieces == "cut" else len(talk)):
            line.sendall(talk[at : at + (1 if pieces == "cut" else len(talk))])
        replies = b"".join(iter(lambda: line.recv(4096), b""))
        kept = [path.read_bytes() for path in server.paths()]
    codes = [reply[:4] for reply in replies.split(b"\r\n") if reply[3:4] == b" "]
    one_mail = [b"250 ", b"250 ", b"354 ", b"250 "]
    assert codes == [b"220 ", b"250 ", *one_mail, *one_mail, b"221 "]
    assert kept == [b"", b".one.\r\n\r\n.\r\nend.\r\n"]


def test_the_mail_server_announces_pipelining_unless_told_not_to(tmp_path: Path) -> None:
    for is_pipelined in (True, False):
        with FolderMailServer(tmp_path, is_pipelined=is_pipelined) as server:
            with smtplib.SMTP(server.host, server.port) as line:
                line.ehlo()
                assert line.has_extn("pipelining") is is_pipelined
                assert line.has_extn("smtputf8")
            with smtp_to(server.port) as channel:
                channel.send(MESSAGE)
    assert len(server.paths()) == 2


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"message-id: <a@b.example>\r\n", "a@b.example"),
        (b"Subject: x\r\nMessage-ID:\r\n <a@b.example>\r\nTo: y\r\n", "a@b.example"),
        (b"Message-ID: <../../a/b@c.example>\r\n", "....ab@c.example"),
        (b"Subject: x\r\n", "without-message-id"),
        (b"", "without-message-id"),
    ],
)
def test_the_mail_server_names_a_mail_after_its_header(
    tmp_path: Path, head: bytes, name: str
) -> None:
    kept = MailFolder(tmp_path).keep(head + b"\r\nMessage-ID: <no@header.example>\r\n")
    assert kept.name == f"000001-{name}.eml"


def test_the_mail_server_in_a_process_of_its_own_ends_with_the_block(tmp_path: Path) -> None:
    with MailServerProcess(tmp_path / "mails") as server:
        channels = [smtp_to(server.port) for _ in range(3)]
        with contextlib.ExitStack() as stack:
            for channel in channels:
                stack.enter_context(channel)
            for number in range(9):
                channels[number % 3].send(numbered(number))
            assert server.count() == 9
    assert len(server.paths()) == 9
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port))


def test_channels_in_several_threads_share_nothing() -> None:
    def carry(first: int) -> list[str]:
        with smtp_to(server.port) as channel:
            return [channel.send(numbered(first + number)).reply for number in range(25)]

    with tempfile.TemporaryDirectory() as folder, MailServerProcess(Path(folder)) as server:
        with ThreadPoolExecutor(4) as threads:
            replies = [
                reply for all_of in threads.map(carry, range(0, 400, 100)) for reply in all_of
            ]
        names = {path.name for path in server.paths()}
    assert len(names) == 100
    assert {reply.removeprefix("250 2.0.0 kept as ") for reply in replies} == names


# What the tests share.


def smtp_to(port: int, **changed: Any) -> SmtpChannel:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "security": "none",
        "sender": SENDER,
        "envelope_from": BOUNCES,
        "timeout_seconds": 5.0,
    }
    return SmtpChannel(port=port, **{**values, **changed})


def folder_of_mails(folder: Path) -> FolderChannel:
    def rendering(message: Message) -> Rendered:
        return Rendered(".eml", mail_bytes(message, sender=SENDER, reply_to=""))

    return FolderChannel(folder, rendering=rendering, carries=CHANNELS["mail"].carries)


def secured(secure: SecureServer, **changed: Any) -> SmtpChannel:
    login = {"security": secure.security, "user": "baken", "password": "geheim"}
    return smtp_to(secure.server.port, **{**login, **changed})


def failure(channel: SmtpChannel, message: Message = MESSAGE) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(message)
    return caught.value


def numbered(number: int) -> Message:
    return dataclasses.replace(MESSAGE, id=f"{number}.n@baken.example")


def with_upper_command(lines: list[str]) -> list[str]:
    return [line[:4].upper() + line[4:] for line in lines]


def readable(carried: bytes) -> str:
    """Everything a person would see of what a channel carried."""
    if b"MIME-Version" not in carried:
        return carried.decode()
    mail = message_from_bytes(carried, policy=default)
    body = mail.get_body(("plain",))
    assert body is not None
    names = [part.get_filename() or "" for part in mail.iter_attachments()]
    return "\n".join(
        [*(str(value) for value in mail.values()), body.get_content(), *names]
    ).replace("\r\n", "\n")
