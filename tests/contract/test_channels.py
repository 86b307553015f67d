"""What every channel promises, over every line of the table."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any, Self

import pytest
from mail_samples import (
    MESSAGE,
    SENDER,
    smtp_to,
)

from baken.channels import (
    CHANNELS,
    Attachment,
    Carries,
    Channel,
    ChannelKind,
    Form,
    Message,
    Receipt,
    Rendered,
)
from baken.channels.folder import FolderChannel
from baken.channels.letter import LetterChannel
from baken.channels.letter.page import page_content
from baken.channels.mail import mail_bytes
from baken.channels.message import refuse_what_is_not_carried
from baken.channels.phone import PhoneChannel
from baken.channels.stdout import StdoutChannel
from baken.core.classification import Tlp
from baken.core.errors import About, ChannelError
from baken.core.postal_address import window_lines
from baken.core.text import many_lines, one_line
from baken.settings.environment import Settings, read_settings
from baken.specimen.mail_server import FolderMailServer

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


class WhatIsSaid:
    """The list of calls, with what a caller reads of what it took."""

    def __init__(self) -> None:
        self._phone = PhoneChannel("+31 70 000 0000")
        self.carries = self._phone.carries
        self.scripts: list[bytes] = []

    def send(self, message: Message) -> Receipt:
        receipt = self._phone.send(message)
        self.scripts.append(CHANNELS["phone"].rendering(read_settings({}))(message).content)
        return receipt

    def check(self) -> str:
        return self._phone.check()


def phone_trial(_folder: Path) -> Iterator[Trial]:
    calls = WhatIsSaid()
    yield Trial(calls, lambda: calls.scripts)  # type: ignore[arg-type] # never opened


class WhatIsPrinted:
    """The list of letters, with what is set into the pages of what it took."""

    def __init__(self) -> None:
        self._letters = LetterChannel(RETURN_ADDRESS)
        self.carries = self._letters.carries
        self.pages: list[bytes] = []

    def send(self, message: Message) -> Receipt:
        receipt = self._letters.send(message)
        self.pages.append(words_on(page_content(message, return_address=RETURN_ADDRESS)))
        return receipt

    def check(self) -> str:
        return self._letters.check()


def words_on(content: Any) -> bytes:
    """Every text of a page, each on its line."""
    if isinstance(content, str):
        return content.encode()
    values = content.values() if isinstance(content, Mapping) else content
    return b"\n".join(words_on(one) for one in values if isinstance(one, str | Mapping | list))


def letter_trial(_folder: Path) -> Iterator[Trial]:
    letters = WhatIsPrinted()
    yield Trial(letters, lambda: letters.pages)  # type: ignore[arg-type] # never opened


TRIALS = {
    "letter": letter_trial,
    "mail": mail_trial,
    "phone": phone_trial,
    "stdout": stdout_trial,
    "folder": folder_trial,
    MADE_UP.key: list_trial,
}
ADDRESSES = {
    Form.SCRIPT: "+31701234567",
    Form.LETTER: "Bakkerij Voorbeeld; Dorpsstraat 1; 1234 AB Voorbeeldstad",
}
RETURN_ADDRESS = "Nationaal CSIRT; Postbus 1; 2500 AA Den Haag"
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
    """`message` without what a channel cannot take along, to an address that it can use."""
    address = ADDRESSES.get(carries.form, message.recipient_address)
    message = dataclasses.replace(message, recipient_address=address)
    return message if carries.attachments else dataclasses.replace(message, attachments=())


def test_a_message_goes_through_whole(trial: Trial) -> None:
    message = fitting(MESSAGE, trial.channel.carries)
    receipt = trial.channel.send(message)
    [carried] = trial.carried()
    assert receipt.reply
    shown = readable(carried)
    for paragraph in filter(None, MESSAGE.text.splitlines()):
        assert paragraph in shown
    assert MESSAGE.subject in shown
    assert MESSAGE.recipient_name in shown
    for line in window_lines(message.recipient_address):
        assert line in shown
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


def test_mail_calls_and_letters_reach_people() -> None:
    for_people = [key for key, kind in CHANNELS.items() if kind.is_for_people]
    assert for_people == ["mail", "phone", "letter"]


def test_nobody_is_called_who_cannot_check_the_call(ours: Settings) -> None:
    kind = CHANNELS["phone"]
    assert not kind.is_set_up(ours)
    with kind.open(ours) as channel, pytest.raises(ChannelError) as caught:
        channel.send(fitting(MESSAGE, kind.carries))
    assert (caught.value.about, caught.value.permanent) == (About.US, False)


@pytest.mark.parametrize("address", ["beheer@bakkerij.example", "12", "+31 70 123 45 67 ext. 5"])
def test_what_is_no_number_is_refused_about_the_address(address: str) -> None:
    channel = PhoneChannel("+31 70 000 0000")
    message = dataclasses.replace(fitting(MESSAGE, channel.carries), recipient_address=address)
    with channel, pytest.raises(ChannelError) as caught:
        channel.send(message)
    assert (caught.value.about, caught.value.permanent) == (About.ADDRESS, True)


def test_a_number_is_kept_in_one_form() -> None:
    normal = CHANNELS["phone"].normal_address
    assert {normal(text) for text in ("+31 70 123 45 67", "070-1234567", "+31701234567")} == {
        "+31701234567"
    }


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
    if rendered.file_suffix == ".pdf":
        assert rendered.content.startswith(b"%PDF-"), "what stands in it: tests/unit/test_letter.py"
    else:
        assert message.text.strip() in readable(rendered.content)
    red = dataclasses.replace(message, tlp=Tlp.RED, subject="TLP:RED", text="TLP:RED", html=None)
    with pytest.raises(ChannelError, match="encrypted"):
        rendering(red)


def test_a_kind_says_why_an_address_is_none(kind: ChannelKind) -> None:
    numbers = dict.fromkeys((MADE_UP.key, "phone"), "+31 70 123 45 67")
    numbers["letter"] = ADDRESSES[Form.LETTER]
    good = {"stdout": "", **numbers}.get(kind.key, "info@bäckerei.example")
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


# What the tests share.


def folder_of_mails(folder: Path) -> FolderChannel:
    def rendering(message: Message) -> Rendered:
        return Rendered(".eml", mail_bytes(message, sender=SENDER, reply_to=""))

    return FolderChannel(folder, rendering=rendering, carries=CHANNELS["mail"].carries)


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
