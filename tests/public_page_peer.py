"""Our check page as the internet sees it: a real server with a certificate, and its DNS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import trustme

from baken.settings.environment import Settings
from dns_peer import DnsPeer
from raw_https_peer import RawHttpsPeer

NAME = "warnings.example.net"
_CHECK_PAGE = b'<form><input id="code" name="code" type="text"></form>'


@contextmanager
def answering_pages(settings: Settings, folder: Path) -> Iterator[Settings]:
    """`settings` whose public address answers with a check page while the block lasts."""
    authority = trustme.CA()
    ca_file = folder / "authority.pem"
    authority.cert_pem.write_to_path(ca_file)
    with (
        RawHttpsPeer(
            lambda talk: talk.answer(_CHECK_PAGE), certificate=authority.issue_cert(NAME)
        ) as peer,
        DnsPeer(lambda _: ["A 127.0.0.1"]) as dns,
    ):
        yield replace(
            settings,
            public=replace(settings.public, url=f"https://{NAME}"),
            dns_servers=(dns.server,),
            web=replace(
                settings.web,
                port=peer.port,
                ca_file=ca_file,
                further_networks=(ip_network("127.0.0.1/32"),),
            ),
        )
