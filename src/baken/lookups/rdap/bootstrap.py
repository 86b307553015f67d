"""Which RDAP server answers for what: IANA's bootstrap files (RFC 9224, RFC 8521).

The files are given, never fetched. What a file is about shows in what it lists: domains, networks,
AS numbers or object tags. Only https is used.
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import msgspec

from baken.core.errors import TextRefusedError
from baken.core.given_file import GivenFile
from baken.core.text import one_line

_MOST_BYTES: Final = 16 << 20
_AS_NUMBERS: Final = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})|[^!-~]")
_REMEDY: Final = "Give a file as IANA publishes it at https://data.iana.org/rdap/."

Servers = tuple[str, ...]
"""Base URLs, each ending in a slash."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(slots=True)
class Bootstrap:
    """What all given bootstrap files say together; where they differ, the first counts."""

    domains: dict[str, Servers] = field(default_factory=dict)
    """By domain; the empty one is for whatever stands nowhere."""
    networks: dict[tuple[int, int], dict[int, Servers]] = field(default_factory=dict)
    """By version of IP and length of the prefix, then by its number."""
    as_numbers: list[tuple[int, int, Servers]] = field(default_factory=list)
    """First, last; sorted once all files are read."""
    tags: dict[str, Servers] = field(default_factory=dict)
    """By object tag: "RIPE"."""
    hosts: set[str] = field(default_factory=set)
    """Of all servers."""

    def for_domain(self, domain: str) -> Servers:
        """Who answers for `domain` (normal form): the longest match of whole labels."""
        labels = domain.split(".")
        for start in range(len(labels) + 1):
            servers = self.domains.get(".".join(labels[start:]))
            if servers is not None:
                return servers
        return ()

    def for_address(self, address: Address) -> Servers:
        """Who answers for `address`: the longest prefix."""
        for length in range(address.max_prefixlen, -1, -1):
            prefixes = self.networks.get((address.version, length))
            if prefixes is not None:
                servers = prefixes.get(int(address) >> (address.max_prefixlen - length))
                if servers is not None:
                    return servers
        return ()

    def for_as_number(self, number: int) -> Servers:
        """Who answers for `number`."""
        place = bisect_right(self.as_numbers, number, key=lambda block: block[0]) - 1
        if place >= 0 and number <= self.as_numbers[place][1]:
            return self.as_numbers[place][2]
        return ()

    def for_handle(self, handle: str) -> Servers:
        """Who answers for an entity, by the tag at the end of its handle (RFC 8521)."""
        return self.tags.get(handle.rpartition("-")[2].upper(), ())


def read_bootstrap(given: Sequence[GivenFile]) -> Bootstrap:
    """What the files `given` say; raises `TextRefusedError` with the name of the file."""
    bootstrap = Bootstrap()
    for one in given:
        try:
            with one.path.open("rb") as file:
                body = file.read(_MOST_BYTES + 1)
        except OSError as error:
            raise _refused(one.name, "cannot be opened") from error
        _add_file(bootstrap, body, name=one.name)
    bootstrap.as_numbers.sort(key=lambda block: block[:2])
    return bootstrap


def _add_file(bootstrap: Bootstrap, body: bytes, *, name: str) -> None:
    if len(body) > _MOST_BYTES:
        raise _refused(name, f"is larger than {_MOST_BYTES >> 20} MiB")
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(name, "is no JSON") from error
    services = decoded.get("services") if isinstance(decoded, dict) else None
    if not isinstance(services, list):
        raise _refused(name, 'has no list "services"')
    for place, service in enumerate(services, start=1):
        _add_service(bootstrap, service, name=f"{name}, service {place},")


def _add_service(bootstrap: Bootstrap, service: object, *, name: str) -> None:
    # Object tags have the registrant before the entries (RFC 8521 section 3).
    if (
        not isinstance(service, list)
        or len(service) not in (2, 3)
        or not all(map(_is_texts, service))
    ):
        raise _refused(name, "is not a list of entries and a list of URLs")
    *_, entries, urls = service
    servers = tuple(_secure(urls, name=name))
    bootstrap.hosts.update(urlsplit(url).hostname or "" for url in servers)
    for entry in entries:
        if len(service) == 3:
            bootstrap.tags.setdefault(entry.upper(), servers)
        else:
            _add_entry(bootstrap, entry.strip().lower(), servers, name=name)


def _is_texts(listed: object) -> bool:
    return isinstance(listed, list) and all(isinstance(one, str) for one in listed)


def _add_entry(bootstrap: Bootstrap, entry: str, servers: Servers, *, name: str) -> None:
    numbers = _AS_NUMBERS.fullmatch(entry)
    if numbers:
        first, last = int(numbers[1]), int(numbers[2] or numbers[1])
        if not first <= last < 2**32:
            raise _refused(name, f"has {entry!r}, which are no AS numbers")
        bootstrap.as_numbers.append((first, last, servers))
    elif "/" in entry:
        try:
            network = ipaddress.ip_network(entry)
        except ValueError:
            raise _refused(
                name, f"has {one_line(entry, limit=60)!r}, which is no network"
            ) from None
        at_length = bootstrap.networks.setdefault((network.version, network.prefixlen), {})
        number = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        at_length.setdefault(number, servers)
    else:
        bootstrap.domains.setdefault(entry.strip("."), servers)


def _secure(urls: Iterable[str], *, name: str) -> Iterator[str]:
    """The https ones of `urls`; all must be URLs."""
    for url in urls:
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            host = None
        if not host or parts.scheme not in ("http", "https") or _BAD_ESCAPE.search(url):
            raise _refused(name, f"has {one_line(url, limit=80)!r}, which is no URL of a server")
        if parts.scheme == "https":
            yield url if url.endswith("/") else f"{url}/"


def _refused(name: str, why: str) -> TextRefusedError:
    return TextRefusedError(f"The RDAP bootstrap file {name} {why}.", remedy=_REMEDY)
