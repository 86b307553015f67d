"""Fills advice with what the rows say: a port, an address, the name of a service.

A text holds placeholders in braces. A part in square brackets is left out when a placeholder in it
is unknown: nothing is claimed that no row says. Names that come from a feed are short and plain, or
they count as unknown: they cannot bring a sentence, a link or a phone number of their own.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final

from baken.advice.frame import Frame, frame
from baken.advice.words import COMMAND_INDENT, Advice
from baken.core.asset import has_known_suffix

PLACEHOLDERS: Final = (
    "service", "ports", "port", "transport", "scan", "address", "host", "families", "cves",
)  # fmt: skip
"""What a text may name in braces; all but the first only inside square brackets."""

_ALWAYS_KNOWN: Final = frozenset({"service"})
_MOST_LISTED: Final = 3
# Brackets do not nest; braces hold a name.
_PART: Final = re.compile(r"\[([^\[\]]*)\]|([^\[\]]+)|(.)", re.DOTALL)
# What a part that is left out leaves behind: two spaces, or one before a sign.
_GAP: Final = re.compile(r" +( |[.,;:?!)](?!\S))")
_NAME: Final = re.compile(r"\{([a-z]*)\}")
_CVE: Final = re.compile(r"CVE-\d{4}-\d{4,19}")
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?")
# A family: no sentence fits in it, no link, and no number that somebody could call.
_FAMILY: Final = re.compile(r"(?!.*\d{4})(?!.*://)(?!.*www\.)[A-Za-z0-9][A-Za-z0-9._/+-]{0,39}")
_PARTS: Final = re.compile(r"[/+]")
# Without -6, nmap takes no IPv6 address.
_NMAP: Final = re.compile(r"\bnmap ")
_SCANS: Final = {"tcp": "-p {port}", "udp": "-sU -p {port}"}


@dataclass(frozen=True, slots=True)
class Values:
    """What rows of one finding kind say, as they say it; empty or None where they say nothing."""

    service: str = ""
    """The usual name of the service, from the table of finding kinds."""
    address: str = ""
    """Of the first system; so are `port` and `transport`."""
    port: int | None = None
    transport: str = ""
    host: str = ""
    """A name that the source asked for, the same of all systems."""
    is_host_harmful: bool = False
    """Whether nobody should click on `host`."""
    ports: tuple[int, ...] = ()
    """Of all systems."""
    families: tuple[str, ...] = ()
    """Malware families, as the source calls them."""
    cves: tuple[str, ...] = ()


def filled(advice: Advice, values: Values) -> Advice:
    """`advice` with `values` in it; an item of a list or a command that becomes empty is left out.

    Raises ``ValueError`` for a text that is not written as it should be, or that needs a service
    where there is none.
    """
    known = _known(values, frame(advice.language))
    return replace(
        advice,
        subject=_filled(advice.subject, known),
        seen=_filled(advice.seen, known),
        matters=_filled(advice.matters, known),
        now=tuple(filter(None, (_filled(step, known) for step in advice.now))),
        later=tuple(filter(None, (_filled(step, known) for step in advice.later))),
        check="\n".join(
            line for line in (_filled_line(one, known) for one in advice.check.split("\n")) if line
        ),
    )


def list_of(items: Sequence[str], words: Frame, *, most: int = _MOST_LISTED) -> str:
    """`items` as a phrase, "a, b en c"; from the first that does not fit on only their number."""
    if len(items) > most:
        rest = len(items) - most
        more = words.list_more_singular if rest == 1 else words.list_more_plural
        return more.format(items=", ".join(items[:most]), count=rest)
    if len(items) < 2:
        return "".join(items)
    return words.list_last.format(items=", ".join(items[:-1]), last=items[-1])


def is_plain_name(text: str) -> bool:
    """Whether `text` is a name such as that of a malware family, and can say nothing else.

    One that is an address or ends as a host name does is none: mail programs make a link of it.
    """
    return bool(_FAMILY.fullmatch(text)) and not any(map(_is_like_host, _PARTS.split(text)))


@lru_cache(maxsize=1024)
def _is_like_host(text: str) -> bool:
    name = text.strip(".-").lower()
    return "." in name and (has_known_suffix(name) or bool(_address(name)))


def _known(values: Values, words: Frame) -> Mapping[str, str]:
    """The text of each placeholder; empty where it is unknown."""
    port = str(values.port) if values.port else ""
    transport = values.transport if port else ""
    scan = _SCANS.get(transport, "").format(port=port)
    ports = [str(number) for number in sorted(set(values.ports))]
    families = sorted({one for one in values.families if is_plain_name(one)})
    cves = sorted({one for one in values.cves if _CVE.fullmatch(one)}, key=_by_number)
    return {
        "service": values.service,
        "ports": list_of(ports, words, most=5),
        "port": port,
        "transport": transport.upper(),
        "scan": scan,
        "address": _address(values.address),
        "host": _host(values),
        "families": list_of(families, words),
        "cves": list_of(cves, words),
    }


def _host(values: Values) -> str:
    if not _HOST.fullmatch(values.host):
        return ""
    return values.host.replace(".", "[.]") if values.is_host_harmful else values.host


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def _by_number(cve: str) -> tuple[int, int]:
    _, year, number = cve.split("-")
    return int(year), int(number)


def _filled_line(line: str, known: Mapping[str, str]) -> str:
    """A line of `check`: a command keeps its indent and spaces; an empty one leaves neither."""
    if not line.startswith(COMMAND_INDENT):
        return _filled(line, known)
    command = _joined(line.strip(), known).strip()
    if ":" in known["address"]:
        command = _NMAP.sub("nmap -6 ", command)
    return f"{COMMAND_INDENT}{command}" if command else ""


def _filled(text: str, known: Mapping[str, str]) -> str:
    return _GAP.sub(r"\1", _joined(text, known)).strip()


def _joined(text: str, known: Mapping[str, str]) -> str:
    said: list[str] = []
    for part in _parts(text):
        if any(not known[name] for name in part.names):
            if not part.is_optional:
                raise ValueError(f"{text!r} needs a service, and its finding kind has none.")
            continue
        said.append(_NAME.sub(lambda found: known[found[1]], part.text))
    return "".join(said)


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a text, with the placeholders in it."""

    text: str
    names: tuple[str, ...]
    is_optional: bool


@cache
def _parts(text: str) -> tuple[_Part, ...]:
    parts: list[_Part] = []
    for optional, plain, stray in _PART.findall(text):
        if stray:
            raise ValueError(f"{text!r} has a square bracket that is not one of a pair.")
        said = optional or plain
        names = tuple(_NAME.findall(said))
        if unknown := sorted(set(names) - set(PLACEHOLDERS)):
            raise ValueError(f"{text!r} has unknown placeholders: {', '.join(unknown)}.")
        if plain and (loose := sorted(set(names) - _ALWAYS_KNOWN)):
            raise ValueError(f"{text!r} has {', '.join(loose)} outside of square brackets.")
        parts.append(_Part(said, names, is_optional=bool(optional)))
    return tuple(parts)
