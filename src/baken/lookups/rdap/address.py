"""Lookup: who holds the network of an address, and who answers for abuse of it (RDAP)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import LookupAnswer, Subject, SubjectKind
from baken.core.routes import Scope
from baken.lookups.kind import LookupKind
from baken.lookups.rdap.answer import Answer, ObjectClass
from baken.lookups.rdap.asking import (
    FollowUps,
    Reply,
    ask_first_of,
    found,
    no_server,
    without_answer,
)
from baken.lookups.rdap.bootstrap import Bootstrap, read_bootstrap
from baken.lookups.rdap.completing import known_link, with_holders_card
from baken.lookups.rdap.contacts import Gathered
from baken.lookups.rdap.holders import network_around, personal_sets
from baken.lookups.rdap.network import add_abuse_above, read_network
from baken.lookups.registries import is_block_of_registry
from baken.outside import Outside
from baken.outside.fetching import Web

_KEY: Final = "rdap-address"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class RdapAddress:
    """Asks the regional registry, and again where the holder or the abuse desk is missing."""

    bootstrap: Bootstrap

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """As `baken.lookups.kind.Lookup` says."""
        return [self._ask(subject, web=outside.web, now=now) for subject in subjects]

    def _ask(self, subject: Subject, *, web: Web, now: datetime) -> LookupAnswer:
        address = ipaddress.ip_address(subject.value)
        servers = self.bootstrap.for_address(address)
        if not servers:
            return no_server(_KEY, subject, now=now)
        reply = ask_first_of(web, servers, f"ip/{address}")
        if reply.answer is None:
            return without_answer(_KEY, subject, reply, now=now)
        fault = _fault(reply.answer, address)
        if fault:
            return without_answer(_KEY, subject, Reply(reply.url, note=fault), now=now)
        follow_ups = FollowUps(web, asked={reply.url})
        answer, sets = with_holders_card(
            reply.answer, reply.url, follow_ups=follow_ups, bootstrap=self.bootstrap
        )
        network = network_around(answer, address)
        said = read_network(answer, network=network, source=reply.url)
        sets += self._add_above(said.gathered, answer, address, follow_ups)
        return found(
            _KEY,
            subject,
            said.gathered,
            holder=said.holder,
            source=reply.url,
            personal_sets=personal_sets(reply.answer) + sets,
            failed=follow_ups.failed,
            now=now,
        )

    def _add_above(
        self, gathered: Gathered, answer: Answer, address: Address, follow_ups: FollowUps
    ) -> int:
        """Asks for the network above, where nobody of this one answers for the network.

        Gives how many sets of personal data that question gave.
        """
        url = known_link(answer.links, "up", bootstrap=self.bootstrap)
        if gathered.has_mail(Scope.NETWORK) or not url:
            return 0
        above = follow_ups.ask(url).answer
        if above is None or _fault(above, address) or not _is_wider(above, answer):
            return 0
        add_abuse_above(gathered, above)
        return personal_sets(above)


def _fault(answer: Answer, address: Address) -> str:
    """Why `answer` says nothing of `address`; empty when it does."""
    if answer.object_class is not ObjectClass.NETWORK:
        return f"The answer is about another kind of object: {answer.object_class}."
    if not network_around(answer, address) or is_block_of_registry(answer.name):
        return f"The answer is about a network without {address}, or about one of no holder."
    return ""


def _is_wider(above: Answer, answer: Answer) -> bool:
    return above.last - above.first > answer.last - answer.first


def _open(given: Sequence[GivenFile]) -> RdapAddress:
    return RdapAddress(read_bootstrap(given))


KIND: Final = LookupKind(
    key=_KEY, asks_about=SubjectKind.ADDRESS, open=_open, reads=GivenFileKind.RDAP_BOOTSTRAP
)
