"""A message as the bytes of a mail: whole, harmless, and the same every time."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, compat32, default
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baken.channels import Attachment, Message
from baken.channels.mail import mail_bytes
from baken.core.classification import Tlp
from baken.core.errors import About, ChannelError
from baken.core.text import many_lines, one_line

SENDER = "Nationaal Waarschuwingscentrum <waarschuwing@baken.example>"
REPLY_TO = "team@baken.example"
MESSAGE = Message(
    id="7f3a.1@baken.example",
    recipient_address="beheer@bakkerij.example",
    recipient_name="Zoë van der Meij",
    language="nl",
    subject="[TLP:AMBER] Eén systeem van u staat open",
    text="TLP:AMBER\n\nBeste Zoë,\n\nEén systeem.\n",
    tlp=Tlp.AMBER,
    made_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
    attachments=(Attachment("systemen.csv", "text/csv", "plaats\r\nÉén\r\n".encode()),),
)
WITH_HTML = dataclasses.replace(MESSAGE, html="<p>TLP:AMBER</p><p>Beste Zoë</p>")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADERS = ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted",
           "Content-Language", "MIME-Version", "Content-Type"]  # fmt: skip

hostile_text = st.text(
    st.one_of(
        st.sampled_from('\r\n\x00\x0b\x0c\x1c\x85\u2028\u202e\ud800 \t:;,<>"\\=?@()éß漢🙂'),
        st.characters(),
    ),
    max_size=300,
)


def test_the_headers_say_who_what_and_when() -> None:
    mail = parsed(made(MESSAGE))
    assert list(mail.keys()) == HEADERS
    assert mail["From"] == SENDER
    assert mail["To"] == "Zoë van der Meij <beheer@bakkerij.example>"
    assert mail["Reply-To"] == REPLY_TO
    assert mail["Subject"] == MESSAGE.subject
    assert mail["Date"] == "Sun, 01 Mar 2026 12:30:00 +0000"
    assert mail["Message-ID"] == "<7f3a.1@baken.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "nl"


def test_the_label_stands_readable_in_the_raw_subject() -> None:
    assert b"\r\nSubject: [TLP:AMBER] =?utf-8?Q?" in made(MESSAGE)


def test_the_parts_are_text_html_and_the_attachment() -> None:
    mail = parsed(made(WITH_HTML))
    types = [part.get_content_type() for part in mail.walk()]
    assert types == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/csv"
    ]  # fmt: skip
    assert text_of(mail) == MESSAGE.text
    attachment = next(mail.iter_attachments())
    assert attachment.get_filename() == "systemen.csv"
    assert attachment.get_content_charset() == "utf-8"
    assert attachment.get_payload(decode=True) == MESSAGE.attachments[0].content


def test_a_message_of_text_alone_is_one_part() -> None:
    mail = parsed(made(dataclasses.replace(MESSAGE, attachments=())))
    assert mail.get_content_type() == "text/plain"
    assert "format" not in mail["Content-Type"].params


def test_a_mail_that_follows_another_names_it() -> None:
    mail = parsed(made(dataclasses.replace(MESSAGE, in_reply_to="1a2b@baken.example")))
    assert mail["In-Reply-To"] == mail["References"] == "<1a2b@baken.example>"
    assert list(mail.keys()).index("In-Reply-To") > list(mail.keys()).index("Message-ID")
    assert "In-Reply-To" not in parsed(made(MESSAGE))


def test_without_a_reply_address_the_header_is_left_out() -> None:
    assert "Reply-To" not in parsed(mail_bytes(MESSAGE, sender=SENDER, reply_to=""))


def test_the_same_message_gives_the_same_bytes() -> None:
    elsewhere = timezone(timedelta(hours=5))
    again = dataclasses.replace(WITH_HTML, made_at=WITH_HTML.made_at.astimezone(elsewhere))
    assert made(again) == made(WITH_HTML)


def test_another_message_has_another_boundary() -> None:
    other = dataclasses.replace(MESSAGE, id="other@baken.example")
    assert parsed(made(other)).get_boundary() != parsed(made(MESSAGE)).get_boundary()


def test_a_text_cannot_hold_the_boundary() -> None:
    boundary = parsed(made(WITH_HTML)).get_boundary()
    forged = dataclasses.replace(WITH_HTML, text=f"TLP:AMBER\n--{boundary}--\nrest\n")
    mail = parsed(made(forged))
    assert text_of(mail) == forged.text
    assert len(list(mail.iter_attachments())) == 1


def test_an_international_domain_is_sent_in_ascii() -> None:
    mail = parsed(made(dataclasses.replace(MESSAGE, recipient_address="a@Bäckerei.example.")))
    assert mail["To"].addresses[0].addr_spec == "a@xn--bckerei-5wa.example"


# The gates.


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "Eén systeem"},
        {"text": "Beste Zoë"},
        {"html": "<p>Beste Zoë</p>"},
        {"subject": "[TLP:AMBER+STRICT] Eén systeem"},
        {"tlp": Tlp.AMBER_STRICT},
        {"tlp": Tlp.GREEN},
        {"subject": "[TLP:AMBERGRIS] Eén systeem"},
        {"id": "<a@b>"},
        {"id": "a@b\r\nBcc: c@d.example"},
        {"id": "geen"},
        {"in_reply_to": "a@b\r\nBcc: c@d.example"},
        {"id": "../x@b"},
        {"id": "a" * 300 + "@b"},
        {"language": "nl\r\nBcc: c@d.example"},
        {"language": ""},
        {"made_at": datetime(2026, 3, 1)},  # noqa: DTZ001 - that is what is wrong
    ],
    ids=str,
)
def test_a_message_that_is_wrong_is_never_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        dataclasses.replace(MESSAGE, **wrong)


@pytest.mark.parametrize("label", [label for label in Tlp if label is not Tlp.RED])
def test_every_label_but_red_goes_by_mail(label: Tlp) -> None:
    labelled = dataclasses.replace(
        MESSAGE, tlp=label, subject=f"[{label}] x", text=f"{label}\n", html=f"<b>{label}</b>"
    )
    assert parsed(made(labelled))["Subject"] == f"[{label}] x"


def test_a_label_written_with_html_entities_counts() -> None:
    label = Tlp.AMBER_STRICT
    dataclasses.replace(MESSAGE, tlp=label, subject=label, text=label, html="TLP:AMBER&#43;STRICT")


def test_red_is_refused_for_good() -> None:
    red = dataclasses.replace(MESSAGE, tlp=Tlp.RED, subject="TLP:RED x", text="TLP:RED")
    with pytest.raises(ChannelError) as caught:
        made(red)
    assert caught.value.permanent
    assert caught.value.about is About.MESSAGE


@pytest.mark.parametrize(
    "content_type",
    ["text/csv; charset=x", "text", "text/csv\r\nBcc: a@b", "message/rfc822", "multipart/x", ""],
)
def test_an_attachment_has_a_plain_content_type(content_type: str) -> None:
    with pytest.raises(ValueError, match="content type"):
        Attachment("a", content_type, b"")


# Whatever others put in.


@settings(deadline=None)
@given(name=hostile_text, subject=hostile_text, file_name=hostile_text, sender=hostile_text)
@example(name="a\r\nBcc: b@c.example", subject="\r\n\r\n<html>", file_name="..", sender="\x00")
@example(
    name='Smit, "Jan" <x@y.example>', subject="=?utf-8?Q?=0D=0ABcc:_a?=", file_name='\\"', sender=""
)
@example(name="é" * 200, subject="x" * 2000, file_name="/etc/passwd", sender="a" * 300)
def test_no_value_can_make_a_header(name: str, subject: str, file_name: str, sender: str) -> None:
    message = dataclasses.replace(
        WITH_HTML,
        recipient_name=name,
        subject=f"[TLP:AMBER] {subject}",
        attachments=(Attachment(file_name, "text/csv", b"a\r\n"),),
    )
    quoted = re.sub(r'["\\]', "", one_line(sender, limit=200))
    content = mail_bytes(message, sender=f'"{quoted}" <w@baken.example>', reply_to=REPLY_TO)
    mail = parsed(content)
    assert list(mail.keys()) == HEADERS
    assert all(not part.defects for part in mail.walk())
    assert [address.addr_spec for address in mail["To"].addresses] == ["beheer@bakkerij.example"]
    assert [address.addr_spec for address in mail["From"].addresses] == ["w@baken.example"]
    assert name_in_raw_header(content) == one_line(name, limit=200)
    assert mail["Subject"] == one_line(message.subject, limit=900)
    assert text_of(mail) == MESSAGE.text
    [attachment] = mail.iter_attachments()
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,57}", attachment.get_filename() or "")


@settings(deadline=None)
@given(text=hostile_text, html=hostile_text, content=st.binary(max_size=200))
@example(text="x" * 5000, html="=\n.\n..\n", content=b".\r\n.\r\n")
@example(text="a \nb\t\n\n\n", html=" ", content=b"")
def test_bodies_and_files_arrive_as_they_are(text: str, html: str, content: bytes) -> None:
    message = dataclasses.replace(
        MESSAGE,
        text=f"TLP:AMBER {text}",
        html=f"TLP:AMBER {html}",
        attachments=(Attachment("a.csv", "text/csv", content),),
    )
    mail_content = made(message)
    mail = parsed(mail_content)
    assert text_of(mail) == ended(many_lines(message.text))
    [attachment] = mail.iter_attachments()
    assert attachment.get_payload(decode=True) == content
    assert mail_content.isascii()
    assert mail_content.endswith(b"\r\n")
    lines = mail_content.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert not any(b"\r" in line or b"\n" in line or b"\x00" in line for line in lines)


plain_lines = st.text(st.sampled_from("ab =.\té漢\n"), max_size=200)
file_names = st.builds(
    "{}.{}".format, st.text("abc-", max_size=60), st.sampled_from(["csv", "zip"])
)


@settings(deadline=None)
@given(
    text=hostile_text | plain_lines,
    html=st.none() | hostile_text | plain_lines,
    files=st.lists(
        st.builds(
            Attachment,
            file_names,
            st.sampled_from(
                ["text/csv", "application/zip", XLSX, "application/" + "x" * 60, "text/" + "x" * 60]
            ),
            st.binary(max_size=300),
        ),
        max_size=3,
    ),
)
@example(text="x" * 76 + "\n" + "x" * 75 + " \n" + "=" * 26 + "\n" + "é" * 40, html=None, files=[])
@example(text="", html="<p>é</p>", files=[Attachment("a-b.xlsx", XLSX, b"PK")])
@example(text="", html="<p>é</p>", files=[])
def test_the_body_is_what_the_standard_library_would_write(
    text: str, html: str | None, files: list[Attachment]
) -> None:
    message = dataclasses.replace(
        MESSAGE,
        text=f"TLP:AMBER {text}",
        html=None if html is None else f"TLP:AMBER {html}",
        attachments=tuple(files),
    )
    written = EmailMessage(policy=SMTP.clone(max_line_length=76))
    written.set_content(ended(many_lines(message.text)), cte="quoted-printable")
    if message.html is not None:
        written.add_alternative(
            ended(many_lines(message.html)), subtype="html", cte="quoted-printable"
        )
    for file in files:
        main_type, _, subtype = file.content_type.partition("/")
        name = parsed_names(message)[len(list(written.iter_attachments()))]
        params = {"charset": "utf-8"} if main_type == "text" else None
        written.add_attachment(
            file.content, maintype=main_type, subtype=subtype, cte="base64", filename=name,
            params=params,
        )  # fmt: skip
    for ours, theirs in zip(parsed(made(message)).walk(), written.walk(), strict=True):
        if theirs.is_multipart():
            theirs.set_boundary(ours.get_boundary() or "")
    assert made(message).endswith(b"Content-Language: nl\r\n" + written.as_bytes())


@settings(deadline=None)
@given(address=hostile_text)
@example(address="a@b.example\r\nBcc: c@d.example")
@example(address="a@b.example, c@d.example")
def test_an_address_is_one_address_or_refused(address: str) -> None:
    message = dataclasses.replace(MESSAGE, recipient_address=address)
    try:
        mail = parsed(made(message))
    except ChannelError as error:
        refusal = error
    else:
        assert list(mail.keys()) == HEADERS
        assert len(mail["To"].addresses) == 1
        return
    assert refusal.permanent
    assert refusal.about is About.ADDRESS
    assert refusal.reply.isprintable()


# What the tests share.


def made(message: Message) -> bytes:
    return mail_bytes(message, sender=SENDER, reply_to=REPLY_TO)


def parsed_names(message: Message) -> list[str]:
    return [part.get_filename() or "" for part in parsed(made(message)).iter_attachments()]


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def name_in_raw_header(content: bytes) -> str:
    # email.header joins neighbouring encoded words as RFC 2047 section 6.2 says; the newer parser
    # of names puts a space between them.
    raw = message_from_bytes(content, policy=compat32)["To"]
    raw_name, _ = parseaddr(re.sub(r"\r\n", "", raw))
    return str(make_header(decode_header(raw_name)))


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text.replace("\r\n", "\n")


def ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
