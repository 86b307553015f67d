"""Who receives mail for which addresses: thousands of domains share a provider, and its limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, Protocol

from baken.channels.kind import ProvidersOf, names_of_domains
from baken.core.asset import registrable_domain
from baken.core.mail_address import routable_address
from baken.outside.dns import Answered, DnsClient, MailExchanges, is_reserved_name
from baken.settings.environment import Settings

_SILENT_FOR: Final = 60.0
"""How many seconds no name is asked after a batch in which none was answered."""


class AsksMailExchanges(Protocol):
    """The part of `DnsClient` that is needed here."""

    def mail_exchanges(self, domains: Collection[str]) -> Mapping[str, MailExchanges]: ...


class ProvidersByMx:
    """The provider of each address: the registrable domain of its first mail exchanger.

    An address whose domain has none, refuses mail (RFC 7505), does not exist, or is not answered
    for in time, has its domain as its provider. What was found is kept as long as this object.
    """

    def __init__(
        self,
        client: AsksMailExchanges,
        *,
        is_asked: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._is_asked = is_asked
        self._clock = clock
        self._found: dict[str, str] = {}
        self._silent_until = float("-inf")

    def __call__(self, addresses: Collection[str]) -> dict[str, str]:
        """By address, the name of its provider; never raises."""
        domains = {address: _domain_of(address) for address in addresses}
        self._find(domains.values())
        return {address: self._found.get(domain, domain) for address, domain in domains.items()}

    def _find(self, domains: Iterable[str]) -> None:
        new = {one for one in domains if one not in self._found and one and self._is_asked(one)}
        if not new or self._clock() < self._silent_until:
            return
        answers = self._client.mail_exchanges(new)
        self._found |= {domain: _provider_of(domain, answers[domain]) for domain in new}
        if all(answers[domain].answered is Answered.UNKNOWN for domain in new):
            self._silent_until = self._clock() + _SILENT_FOR


def providers_of(settings: Settings) -> ProvidersOf:
    """Finds providers by asking the DNS servers that the settings name."""
    client = DnsClient(settings.dns_servers)
    return ProvidersByMx(client, is_asked=lambda domain: not is_reserved_name(domain))


def _domain_of(address: str) -> str:
    try:
        return routable_address(address).rpartition("@")[2]
    except ValueError:
        return names_of_domains([address])[address]


def _provider_of(domain: str, answer: MailExchanges) -> str:
    host = answer.exchanges[0].host if answer.exchanges else ""
    return (registrable_domain(host) if host else "") or domain
