"""The mail server of the demo and the benchmarks keeps what it is sent, whole."""

from __future__ import annotations

import contextlib
import dataclasses
import smtplib
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mail_samples import (
    MESSAGE,
    SENDER,
    TEMPORARY,
    failure,
    numbered,
    smtp_to,
)

from baken.channels.mail import mail_bytes
from baken.core.errors import About
from baken.specimen.mail_server import FolderMailServer, MailFolder, MailServerProcess


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


def test_the_mail_server_ends_when_whoever_started_it_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "baken.specimen.mail_server", str(tmp_path)]
    with subprocess.Popen(
        [*command, "--until-input-ends"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        host, port = process.stdout.readline().split()
        with smtp_to(int(port), host=host) as channel:
            channel.send(MESSAGE)
        process.stdin.close()
        assert process.wait(timeout=20) == 0
    assert len(list(tmp_path.glob("*.eml"))) == 1


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
