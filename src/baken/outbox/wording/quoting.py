"""What others wrote, quoted: on one line, cut in the middle, and with nothing to click on."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from baken.core.text import one_line

LONGEST: Final = 80
"""How many characters of a quoted text are shown; all of it stands in the attachment."""

_KEPT: Final = 4096

# What programs make a link of: an address with a scheme, a mail address, a name with an end. No end
# has a digit in it, unless it is one in another script; versions do: "2.6.32-431.el6.x86_64".
_SCHEME: Final = re.compile(r"\b(https?|ftps?)(?=:)", re.IGNORECASE)
_OTHER_SCHEME: Final = re.compile(
    r"\b(?!hxxps?:|fxps?:)([a-z][a-z0-9+-]{1,20}):(?=//)|\b(mailto|tel|sms):", re.IGNORECASE
)
_MAIL_ADDRESS: Final = re.compile(r"(?<=[^\s@])[@\uff20](?=[^\s@])")
# Browsers take the full stops of Chinese and Japanese for dots (UTS 46), and so do some programs.
_DOTS: Final = ".\u3002\uff0e\uff61"
_DOT: Final = re.compile(f"[{_DOTS}]")
_NAME: Final = re.compile(
    rf"(?<![\w-])[{_DOTS}]?(?:[\w-]+[{_DOTS}])+(?:xn--\w[\w-]*|[^\W\d_]{{2,}})(?![^\W_])"
)
# What looks like the end of a quotation.
_QUOTATION_MARKS: Final = re.compile(
    '["\u00ab\u00bb\u201c-\u201f\u2033\u2036\u2039\u203a\u275d\u275e\u301d-\u301f\uff02]'
)
_IN_A_NAME: Final = re.compile(r"[a-z][a-z0-9+-]*:/|\bwww\.", re.IGNORECASE)
_HARMLESS: Final = {"http": "hxxp", "https": "hxxps", "ftp": "fxp", "ftps": "fxps"}
# A name of a program, a version, a number in hexadecimals: nobody can take it for a sentence.
_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/+:-]{0,39}|[0-9A-Fa-f:]{1,128}")
_NUMBER_TO_CALL: Final = re.compile(
    r"(?:\+|\b0)[\d\s()./-]{6,}\d|\b\d{1,4}(?:[ -]\d{2,4}){2}|[A-Za-z][ :]\+?\d{7}"
)


# The same values stand in many systems, and in thousands of mails of a run.
@lru_cache(maxsize=_KEPT)
def cut(text: str, longest: int = LONGEST) -> str:
    """`text` on one line, and without its middle where it is longer than `longest`."""
    line = one_line(text)
    if len(line) <= longest:
        return line
    tail = (longest - 3) // 3
    return f"{line[: longest - 3 - tail].rstrip()} … {line[-tail:].lstrip()}"


@lru_cache(maxsize=_KEPT)
def defanged(text: str) -> str:
    """`text` with the addresses in it written so that no program makes a link of them."""
    said = _SCHEME.sub(lambda found: _HARMLESS[found[1].lower()], text)
    said = _OTHER_SCHEME.sub(lambda found: f"{found[0][:-1]}[:]", said)
    said = _MAIL_ADDRESS.sub("[at]", said)
    return _NAME.sub(lambda found: _DOT.sub("[.]", found[0]), said)


def named(text: str) -> str:
    """The name of somebody on one line, as it stands; defanged where it holds a web address.

    "Example.nl B.V." is a name, and keeps its dot.
    """
    line = one_line(text)
    return defanged(line) if _IN_A_NAME.search(line) else line


def quoted(text: str) -> str:
    """`text` as it stands between quotation marks: defanged, and unable to end the quotation."""
    return _QUOTATION_MARKS.sub("'", defanged(text))


def is_one_word(text: str) -> bool:
    """Whether `text` needs no quotation marks: in ASCII, where no sign looks like a space."""
    return text.isascii() and " " not in text


@lru_cache(maxsize=_KEPT)
def is_token(text: str) -> bool:
    """Whether `text` is a name or a number, and can say nothing in our name."""
    return bool(
        _TOKEN.fullmatch(text)
        and text.count(" ") < 3
        and "://" not in text
        and not _NUMBER_TO_CALL.search(text)
        and defanged(text) == text
    )
