"""Whether a domain takes mail, as far as the DNS says. No mail server is asked.

Sources: RFC 5321 section 5.1 (a domain without MX records takes mail at its own address), RFC 7505
(null MX).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from baken.outside.dns import Addresses, Answered, DnsClient, DnsFailure, MailExchanges

# RFC 6761: they lead nowhere, and stand in MX records of domains that want no mail.
_NOWHERE: Final = frozenset({"", "localhost", "invalid"})


@dataclass(frozen=True, slots=True)
class MailDomain:
    """What the DNS says of mail to a domain."""

    answered: Answered
    takes_mail: bool | None
    """None when unknown."""
    seconds_valid: int
    failure: DnsFailure | None = None
    is_said: bool = False
    """Whether the domain has MX records, and so says it itself."""


def mail_domains(domains: Collection[str], *, dns: DnsClient) -> dict[str, MailDomain]:
    """What `dns` says of each of `domains`."""
    exchanges = dns.mail_exchanges(domains)
    without = [
        domain
        for domain, reply in exchanges.items()
        if reply.answered is Answered.FOUND and not reply.exchanges
    ]
    addresses = dns.addresses(without)
    return {
        domain: _by_address(reply, addresses[domain]) if domain in addresses else _by_mx(reply)
        for domain, reply in exchanges.items()
    }


def _by_mx(reply: MailExchanges) -> MailDomain:
    if reply.answered is Answered.UNKNOWN:
        return MailDomain(Answered.UNKNOWN, None, 0, reply.failure)
    hosts = [one.host for one in reply.exchanges]
    takes_mail = any(host.rpartition(".")[2] not in _NOWHERE for host in hosts)
    return MailDomain(reply.answered, takes_mail, reply.seconds_valid, is_said=bool(hosts))


def _by_address(exchanges: MailExchanges, addresses: Addresses) -> MailDomain:
    if not addresses.addresses and addresses.answered is Answered.UNKNOWN:
        return MailDomain(Answered.UNKNOWN, None, 0, addresses.failure)
    # Either may change first.
    seconds = min(exchanges.seconds_valid, addresses.seconds_valid)
    return MailDomain(Answered.FOUND, bool(addresses.addresses), seconds)
