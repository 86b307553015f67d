"""The objects in a file of a registry's database, one after another, however large the file is.

Split files of RIPE, APNIC, LACNIC, AFRINIC and the routing registries hold RPSL (RFC 2622 section
2); ARIN's bulk form has other names for the same; a snapshot of NRTMv4
(draft-ietf-grow-nrtm-v4) has the RPSL in JSON records. All may be compressed by gzip.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec

from baken.core.errors import TextRefusedError
from baken.core.text import one_line

_BLOCK: Final = 1 << 22
_LARGEST_OBJECT: Final = 1 << 23
_LONGEST_VALUE: Final = 2_000
_MOST_VALUES: Final = 40
_BLANK_LINE: Final = re.compile(rb"\n[ \t]*\n")
_COMMENT: Final = re.compile(r"(?:^|\s)#.*")
_ATTRIBUTE: Final = re.compile(rb"[\w*][\w/*-]*[ \t]*:")
_GZIP: Final = b"\x1f\x8b"
_RECORD_SEPARATOR: Final = b"\x1e"  # RFC 7464
_TOO_LARGE: Final = f"It is larger than {_LARGEST_OBJECT >> 20} MiB."
_REMEDY: Final = (
    "Give a split file of a registry (RPSL), ARIN's bulk file or an NRTMv4 snapshot, as text or gz."
)

CLASSES: Final = frozenset(
    {
        "inetnum", "inet6num", "aut-num", "organisation", "role", "person", "irt",
        "nethandle", "v6nethandle", "ashandle", "orgid", "pochandle",
    }
)  # fmt: skip
"""The classes that are read, RPSL's and ARIN's; other objects are passed over."""


_READ: Final = CLASSES | frozenset(
    {
        "netname", "descr", "country", "org", "status", "abuse-c", "abuse-mailbox", "mnt-irt",
        "source", "org-name", "org-type", "address", "phone", "e-mail", "nic-hdl", "as-name",
        "owner", "netrange", "nettype", "asname", "asnumber", "custname", "orgname",
        "orgabusehandle", "abusehandle", "netabusehandle", "street", "city", "state/prov",
        "postalcode", "isrole", "lastname", "mailbox",
    }
)  # fmt: skip
"""The attributes that are kept of an object."""


@dataclass(slots=True)
class RegistryObject:
    """One object of a class in `CLASSES`."""

    line: int
    """On which it begins, from 1."""
    kind: str
    _values: dict[str, list[str]]

    def first(self, *names: str) -> str:
        """The first value of the first attribute of `names` that has a filled one; or empty."""
        for name in names:
            for value in self._values.get(name, ()):
                if value:
                    return value
        return ""

    def all(self, name: str) -> list[str]:
        """The filled values of the attribute `name`, in their order."""
        return [value for value in self._values.get(name, ()) if value]


@dataclass(frozen=True, slots=True)
class SkippedObject:
    """An object that cannot be read, so that it says nothing."""

    line: int
    why: str


def read_objects(path: Path, *, name: str) -> Iterator[RegistryObject | SkippedObject]:
    """The objects in the file at `path` that are read, and those that are too large to be.

    Raises `TextRefusedError`, naming the file `name`, when it cannot be read to its end or holds
    no object of any class.
    """
    seen = False
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == _GZIP
            raw.seek(0)
            file = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if is_packed else raw
            for line, text in _object_texts(file, name=name):
                if isinstance(text, str):
                    seen = True
                    yield SkippedObject(line, text)
                elif _ATTRIBUTE.match(text):
                    seen = True
                    found = _read_object(line, text)
                    if found is not None:
                        yield found
    except (OSError, EOFError, zlib.error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _refused(f"{name} cannot be read to its end: {one_line(why, limit=100)}.") from error
    if not seen:
        raise _refused(f"{name} holds no object of a registry.")


def _refused(message: str) -> TextRefusedError:
    return TextRefusedError(message, remedy=_REMEDY)


def _object_texts(file: BinaryIO, *, name: str) -> Iterator[tuple[int, bytes | str]]:
    """The line of each object, and its text without comment lines before it.

    In place of an object that cannot be taken in stands the reason, as `str`.
    """
    begin = file.read(_BLOCK)
    if begin.lstrip()[:1] in (b"{", _RECORD_SEPARATOR):
        yield from _texts_of_records(file, begin, name=name)
        return
    for line, text in _paragraphs(file, begin):
        if isinstance(text, str):
            yield line, text
            continue
        bare = text.lstrip(b"\n")
        line += len(text) - len(bare)
        while bare[:1] in (b"#", b"%"):
            _, _, bare = bare.partition(b"\n")
            line += 1
        yield line, bare


def _paragraphs(file: BinaryIO, begin: bytes) -> Iterator[tuple[int, bytes | str]]:
    """What stands between blank lines, with the line on which it begins."""
    line, rest, is_cut = 1, b"", False
    block = begin.removeprefix(b"\xef\xbb\xbf")
    while block:
        *whole, rest = _BLANK_LINE.split((rest + block).replace(b"\r\n", b"\n"))
        for text in whole:
            if not is_cut:
                yield line, text
            is_cut = False
            line += text.count(b"\n") + 2
        if len(rest) > _LARGEST_OBJECT:
            if not is_cut:
                yield line, _TOO_LARGE
            line += rest[:-1].count(b"\n")
            rest, is_cut = rest[-1:], True
        block = file.read(_BLOCK)
    if not is_cut:
        yield line, rest


def _texts_of_records(
    file: BinaryIO, begin: bytes, *, name: str
) -> Iterator[tuple[int, bytes | str]]:
    """The objects in a JSON text sequence whose first record says that it is a snapshot."""
    is_first = True
    for line, record in _records(file, begin):
        if isinstance(record, str):
            yield line, record
            continue
        try:
            decoded = msgspec.json.decode(record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            decoded = None
        if is_first:
            is_first = False
            if not isinstance(decoded, dict) or decoded.get("type") != "snapshot":
                raise _refused(f"{name} is JSON, but no snapshot of NRTMv4.")
            continue
        text = decoded.get("object") if isinstance(decoded, dict) else None
        if isinstance(text, str):
            yield line, text.encode(errors="replace")
        else:
            yield line, "It is no object of a snapshot."


def _records(file: BinaryIO, begin: bytes) -> Iterator[tuple[int, bytes | str]]:
    line, rest, block = 1, b"", begin
    while block:
        *whole, rest = (rest + block).split(b"\n")
        for record in whole:
            bare = record.strip(b"\x1e \t\r")
            if bare:
                yield line, bare
            line += 1
        if len(rest) > _LARGEST_OBJECT:
            yield line, _TOO_LARGE
            rest = b""
        block = file.read(_BLOCK)
    if rest.strip(b"\x1e \t\r"):
        yield line, rest.strip(b"\x1e \t\r")


def _read_object(line: int, text: bytes) -> RegistryObject | None:
    """The object in `text`, or None for one of a class that is not read."""
    kind = text[: text.index(b":")].strip().lower().decode("latin-1")
    if kind not in CLASSES:
        return None
    values: dict[str, list[str]] = {}
    last: list[str] | None = None
    for row in _decoded(text).split("\n"):
        if row[:1] in (" ", "\t", "+"):
            if last and len(last[-1]) < _LONGEST_VALUE:
                last[-1] = f"{last[-1]}\n{_bare(row[1:])}".strip()
            continue
        name, colon, value = row.partition(":")
        if name not in _READ:
            name = name.strip().lower()
            if name not in _READ:
                # A comment among the lines of a value does not end it.
                last = last if row[:1] in ("#", "%") else None
                continue
        last = values.setdefault(name, [])
        if colon and len(last) < _MOST_VALUES:
            last.append(_bare(value))
    return RegistryObject(line, kind, values)


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _bare(value: str) -> str:
    """`value` without white space around it and without a comment behind it."""
    if "#" in value:
        value = _COMMENT.sub("", value)
    return value[:_LONGEST_VALUE].strip()
