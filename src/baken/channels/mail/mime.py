"""The body of a mail: its text, its HTML and its files as MIME parts, the same bytes every time.

Nearly every warning is a text, the same in HTML, and a table: those parts are written here, as
`email` would write them and many times quicker. Anything else is left to `email` itself.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.quoprimime import body_encode
from functools import lru_cache
from typing import Final

from baken.channels.message import Attachment, Message
from baken.core.text import many_lines

LINE_LIMIT: Final = 76  # RFC 2047 section 2, and RFC 2045 section 6.7

_LONGEST_TYPE: Final = 82
_LINES_KEPT: Final = 8192
_BODY_POLICY: Final = SMTP.clone(max_line_length=LINE_LIMIT)
_TEXT_TYPE: Final = 'Content-Type: text/plain; charset="utf-8"\r\n'
_HTML_TYPE: Final = 'Content-Type: text/html; charset="utf-8"\r\n'
_TEXT_ENCODING: Final = "Content-Transfer-Encoding: quoted-printable\r\n"
_FILE_ENCODING: Final = "Content-Transfer-Encoding: base64\r\n"
_VERSION: Final = "MIME-Version: 1.0\r\n"
# Stands for itself in quoted-printable: printable ASCII but "=", and no white space at the end.
_PLAIN_LINE: Final = re.compile(r"(?:[\t -<>-~]{0,75}[!-<>-~])?")
_QUOTED: Final = {
    code: f"={code:02X}" for code in range(256) if not (32 <= code < 127 or code == 9) or code == 61
}


def mime_body(message: Message) -> bytes:
    """The MIME headers, an empty line and the parts, with CRLF line ends and in ASCII.

    Always quoted-printable or base64: lines stay short, no server need understand 8BITMIME, and a
    boundary with "=_" in it can stand in neither.
    """
    text = _ended(many_lines(message.text))
    boundary = f"=_part_{hashlib.sha256(message.id.encode()).hexdigest()[:32]}"
    files: list[str] = []
    for attachment in message.attachments:
        part = _file_part(attachment)
        if part is None:
            return _written_by_email(message, text, boundary=boundary)
        files.append(part)
    head, body = f"{_TEXT_TYPE}{_TEXT_ENCODING}", _quoted_printable(text)
    if message.html is not None:
        html = _quoted_printable(_ended(many_lines(message.html)))
        parts = [f"{head}\r\n{body}", f"{_HTML_TYPE}{_TEXT_ENCODING}{_VERSION}\r\n{html}"]
        # The boundary of the outermost has number 0.
        head, body = _joined("alternative", parts, boundary=f"{boundary}_{int(bool(files))}")
    if files:
        head, body = _joined("mixed", [f"{head}\r\n{body}", *files], boundary=f"{boundary}_0")
    is_one_part = message.html is None and not files
    headers = f"{head}{_VERSION}" if is_one_part else f"{_VERSION}{head}"
    return f"{headers}\r\n{body}".encode()


def _joined(subtype: str, parts: Sequence[str], *, boundary: str) -> tuple[str, str]:
    """The header and the body of a multipart."""
    joined = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    header = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n'
    return header, f"{joined}--{boundary}--\r\n"


def _file_part(attachment: Attachment) -> str | None:
    """`attachment` as a part; None when a header of it must be folded.

    A content type without parameters has no place to fold: that of a spreadsheet is 79 long.
    """
    disposition = (
        f'Content-Disposition: attachment; filename="{_file_name(attachment.file_name)}"\r\n'
    )
    content_type = f"Content-Type: {attachment.content_type}"
    if attachment.content_type.startswith("text/"):
        content_type += '; charset="utf-8"\r\n'
        is_folded = len(content_type) > LINE_LIMIT + 2
        headers = f"{_FILE_ENCODING}{disposition}{content_type}{_VERSION}"
    else:
        content_type += "\r\n"
        is_folded = len(content_type) > _LONGEST_TYPE
        headers = f"{content_type}{_FILE_ENCODING}{disposition}{_VERSION}"
    if is_folded or len(disposition) > LINE_LIMIT + 2:
        return None
    encoded = binascii.b2a_base64(attachment.content, newline=False).decode("ascii")
    lines = [encoded[at : at + LINE_LIMIT] for at in range(0, len(encoded), LINE_LIMIT)]
    return "\r\n".join([headers, *lines, ""])


def _quoted_printable(text: str) -> str:
    return "\r\n".join(map(_quoted_line, text.split("\n")))


# The same advice stands in thousands of mails of a run.
@lru_cache(maxsize=_LINES_KEPT)
def _quoted_line(line: str) -> str:
    if _PLAIN_LINE.fullmatch(line):
        return line
    octets = line.encode().decode("latin-1")
    quoted = octets.translate(_QUOTED)
    if len(quoted) <= LINE_LIMIT and not quoted.endswith((" ", "\t")):
        return quoted
    return body_encode(octets, LINE_LIMIT, eol="\r\n")


def _written_by_email(message: Message, text: str, *, boundary: str) -> bytes:
    body = EmailMessage(policy=_BODY_POLICY)
    body.set_content(text, charset="utf-8", cte="quoted-printable")
    if message.html is not None:
        body.add_alternative(
            _ended(many_lines(message.html)),
            subtype="html",
            charset="utf-8",
            cte="quoted-printable",
        )
    for attachment in message.attachments:
        _attach(body, attachment)
    multiparts = (part for part in body.walk() if part.is_multipart())
    for depth, part in enumerate(multiparts):
        part.set_boundary(f"{boundary}_{depth}")
    return body.as_bytes()


def _attach(body: EmailMessage, attachment: Attachment) -> None:
    main_type, _, subtype = attachment.content_type.partition("/")
    body.add_attachment(
        attachment.content,
        maintype=main_type,
        subtype=subtype,
        cte="base64",
        filename=_file_name(attachment.file_name),
        params={"charset": "utf-8"} if main_type == "text" else None,
    )


def _file_name(file_name: str) -> str:
    """ASCII letters, digits and a few signs, so that every mail program keeps the name."""
    ascii_name = unicodedata.normalize("NFKD", file_name).encode("ascii", "ignore").decode()
    stem, dot, ending = re.sub(r"[^A-Za-z0-9._-]+", "-", ascii_name).strip("-.").rpartition(".")
    return f"{stem[:48]}{dot}{ending[:8]}" or "attachment"


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
