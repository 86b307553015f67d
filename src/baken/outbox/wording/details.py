"""What is told of one system besides its address: which details, and how their values are shown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import tzinfo
from functools import lru_cache
from operator import attrgetter
from typing import Final

from baken.advice import DetailName, Frame, detail_names, is_plain_name, list_of
from baken.core.detail import CVE, FAMILIES, IN_COLUMNS, IN_EVIDENCE, TAG, TARGET_PORT, URL, Detail
from baken.core.finding_kinds import finding_kinds
from baken.core.observation import COUNTRY, NAME_SOURCE
from baken.outbox.wording.facts import ToldSystem
from baken.outbox.wording.moments import moment, read_moment
from baken.outbox.wording.quoting import cut, defanged, is_one_word, is_token, quoted

# Where a case has details, these are among them, and say more than its last row.
_GATHERED: Final = frozenset({*IN_EVIDENCE, *IN_COLUMNS})
# They serve matching, and say whose a system is: nothing that helps to find it.
_NOT_SHOWN: Final = frozenset({NAME_SOURCE, COUNTRY})
_VALUES_SHOWN: Final = 3
_MOMENTS_SHOWN: Final = 3
_LONGEST_URL: Final = 160
# How many times larger an answer is than its question.
_TIMES: Final = frozenset({"amplification", "min_amplification"})
_YES_OR_NO: Final = frozenset({"anonymous_access", "has_password", "none_auth", "anon_login"})
_ANSWERS: Final = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}
_WORDS_KEPT: Final = 4096
_IN_WORDS: Final = re.compile(r"[a-z0-9]+")
# Words of a tag that a chapter says, or that say nothing to a reader: "telnet-alt" is Telnet.
_SAYS_NOTHING: Final = frozenset({"vulnerable", "vulnerability", "open", "alt", "tcp", "udp"})
# The source's names for malware: some have a dot in them and are no address.
_NAMES: Final = frozenset({*FAMILIES, "ransomware"})


def details_of(system: ToldSystem) -> list[Detail]:
    """Every detail that is known of `system`, each value once; without what only serves matching.

    What is known of the last sighting alone has the times of the system.
    """
    details = list(system.details)
    kept = {(one.name, one.value) for one in details}
    gathered = _GATHERED if details else frozenset()
    last = [(CVE, cve) for cve in system.cves] + list(system.evidence.items())
    for name, value in last:
        if name in _NOT_SHOWN or name in gathered or not value.strip() or (name, value) in kept:
            continue
        details.append(
            Detail(
                name, value, first_seen_at=system.first_seen_at, last_seen_at=system.last_seen_at,
                sightings=system.sightings,
            )
        )  # fmt: skip
    return details


def is_moment(detail: Detail, system: ToldSystem) -> bool:
    """Whether `detail` is a moment of `system`. For a source, a target's port is another's."""
    return detail.is_moment and not (detail.name == TARGET_PORT and system.is_source)


def shown_details(system: ToldSystem, words: Frame, zone: tzinfo, *, most: int) -> list[str]:
    """The `most` important details as lines of a mail: "malware: mirai"."""
    lines = list(_of_its_own(system, words))
    names = detail_names(words.language)
    values: dict[str, dict[str, str]] = {}  # by the reader's name: as compared, and as shown
    found: dict[str, list[str]] = {}
    for one in details_of(system):
        if not is_moment(one, system) and not _says_nothing(one, system):
            found.setdefault(one.name, []).append(one.value)
    for key in [key for key in names if key in found]:
        name = names[key]
        if not name.is_in_mail:
            break  # they come last
        for value in found[key]:
            shown = _shown(key, value, name, words, zone)
            values.setdefault(name.text, {}).setdefault(value.casefold(), shown)
    lines += [
        f"{_capital(text)}: {list_of(list(of_one.values()), words, most=_VALUES_SHOWN)}"
        for text, of_one in values.items()
    ]
    return lines[:most]


def shown_moments(system: ToldSystem, words: Frame, zone: tzinfo) -> list[str]:
    """The last moments as lines of a mail, each with its port: where to look in a log."""
    return [
        # The protocol is that of the last sighting; of those before it is not known.
        _moment(one, words, zone, transport="" if place else system.transport)
        for place, one in enumerate(_last_moments(system))
    ]


def _last_moments(system: ToldSystem) -> list[Detail]:
    moments = (one for one in system.details if is_moment(one, system))
    return sorted(moments, key=attrgetter("last_seen_at"), reverse=True)[:_MOMENTS_SHOWN]


def _moment(detail: Detail, words: Frame, zone: tzinfo, *, transport: str) -> str:
    is_target = detail.name == TARGET_PORT
    template = words.moment_target_port if is_target else words.moment_source_port
    said = template.format(
        moment=moment(detail.last_seen_at, words, zone, with_seconds=True), port=cut(detail.value)
    )
    beside = [cut(transport).upper(), detail.of if is_plain_name(detail.of) else ""]
    return f"{said} ({', '.join(filter(None, beside))})" if any(beside) else said


def _says_nothing(detail: Detail, system: ToldSystem) -> bool:
    """Whether a reader learns nothing by it, or reads it beside a moment or in the heading."""
    if detail.name in _TIMES:
        return not _is_larger(detail)
    is_said = detail.value == system.system or (
        detail.name == "infection"
        and is_plain_name(detail.value)
        and detail.value in {one.of for one in _last_moments(system)}
    )
    return is_said or _says_the_kind(detail, system)


def _is_larger(detail: Detail) -> bool:
    """Whether an answer is larger than its question at all."""
    try:
        return 1 < float(detail.value) < math.inf
    except ValueError:
        return False


def _says_the_kind(detail: Detail, system: ToldSystem) -> bool:
    """Whether it is a tag that repeats what the chapter is about: "rdp" of open RDP."""
    if detail.name != TAG:
        return False
    known = finding_kinds().get(system.finding_kind)
    names = [_words(system.finding_kind), _words(known.protocol if known else "")]
    told = _words(detail.value)
    is_said = {*told} - _SAYS_NOTHING <= {word for name in names for word in name}
    return is_said or any("".join(told) == "".join(one) for one in names)


@lru_cache(maxsize=_WORDS_KEPT)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_IN_WORDS.findall(text.casefold()))


def _of_its_own(system: ToldSystem, words: Frame) -> Iterator[str]:
    host = cut(system.host_name)
    if host and host != system.system:
        yield f"{words.column_name}: {defanged(host) if system.is_site else host}"
    urls = [one.value for one in system.details if one.name == URL] or [system.url]
    if urls[0]:
        shown = [_url(url, words) for url in urls]
        yield f"{words.column_url}: {list_of(shown, words, most=1 if len(urls) > 2 else 2)}"
    if product := cut(system.product):
        said = product if is_token(product) else words.quoted.format(text=quoted(product))
        yield f"{words.column_product}: {said}"


def _url(url: str, words: Frame) -> str:
    """A column of URLs may hold a sentence: what no URL can be stands in quotation marks."""
    shown = cut(url, _LONGEST_URL)
    return defanged(shown) if is_one_word(url) else words.quoted.format(text=quoted(shown))


def _shown(key: str, value: str, name: DetailName, words: Frame, zone: tzinfo) -> str:
    line = cut(value)
    if at := read_moment(line):
        return moment(at, words, zone)
    if key in _YES_OR_NO and (answer := _ANSWERS.get(line.casefold())) is not None:
        return words.yes if answer else words.no
    if key in _TIMES:
        return words.decimal(float(line))
    if key in _NAMES and is_plain_name(line):
        return line
    if name.is_said_by_system:
        template = words.quoted if is_token(line) else words.quoted_of_system
        return template.format(text=quoted(line))
    return defanged(line) if is_one_word(line) else words.quoted.format(text=quoted(line))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
