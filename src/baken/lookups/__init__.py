"""ASK: whom to tell about a system; one file a question, one line each in `LOOKUPS`.

To add one: write a file with a `LookupKind`, and give it one line in `LOOKUPS`. The contract suite
in tests/contract/test_lookups.py then runs over it. A lookup knows only the source that it asks:
what is chosen among the answers is decided in `core`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from baken.lookups import (
    csirt_constituencies,
    delegated,
    dns_security,
    mail_exchange,
    name_addresses,
    register_extract,
    security_txt,
    shared_hosting,
    split_files,
    usual_addresses,
    zone_mailbox,
)
from baken.lookups.kind import Lookup, LookupKind
from baken.lookups.rdap import address as rdap_address
from baken.lookups.rdap import as_number as rdap_as_number
from baken.lookups.rdap import domain as rdap_domain
from baken.lookups.whois import domain as whois_domain

__all__ = ["LOOKUPS", "Lookup", "LookupKind"]

LOOKUPS: Final[Mapping[str, LookupKind]] = MappingProxyType(
    {
        kind.key: kind
        for kind in (
            split_files.KIND,
            split_files.AS_NUMBER_KIND,
            delegated.KIND,
            register_extract.KIND,
            register_extract.NUMBER_KIND,
            register_extract.DOMAIN_KIND,
            csirt_constituencies.ADDRESS_KIND,
            csirt_constituencies.AS_NUMBER_KIND,
            csirt_constituencies.DOMAIN_KIND,
            csirt_constituencies.COUNTRY_KIND,
            shared_hosting.KIND,
            shared_hosting.ADDRESS_KIND,
            shared_hosting.HOLDER_KIND,
            rdap_address.KIND,
            rdap_as_number.KIND,
            name_addresses.KIND,
            security_txt.KIND,
            dns_security.KIND,
            security_txt.PARENT_KIND,
            rdap_domain.KIND,
            whois_domain.KIND,
            zone_mailbox.KIND,
            usual_addresses.KIND,
            mail_exchange.KIND,
        )
    }
)
"""Every lookup, by key, in the order in which an analyst reads them."""
