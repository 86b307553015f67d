"""Makes the clients of the DNS, the web and WHOIS as the settings say."""

from __future__ import annotations

from baken.core.errors import SettingsError
from baken.outside.dns import DnsClient
from baken.outside.keeping import Budgets, RequestLog
from baken.outside.web import WebClient, WebLimits, make_trust
from baken.outside.whois import WhoisClient, WhoisLimits
from baken.settings.environment import Settings


def open_web(settings: Settings, *, log: RequestLog, budgets: Budgets) -> WebClient:
    """The client of the web, with a client of the DNS of its own; made once for all threads.

    Each request is written down in `log`, and counted in `budgets`. Raises `SettingsError` when
    the file of authorities cannot be read.
    """
    access = settings.web
    try:
        trust = make_trust(access.ca_file)
    except OSError as error:
        raise SettingsError(
            f"The authorities in {access.ca_file} cannot be read: {error.strerror or error}.",
            remedy="Correct BAKEN_WEB_CA_FILE: it must name a PEM file of certificates.",
        ) from error
    return WebClient(
        open_dns(settings, log=log),
        trust=trust,
        contact=settings.web_contact,
        log=log,
        budgets=budgets,
        limits=WebLimits(
            further_networks=access.further_networks,
            port=access.port,
            at_once=access.at_once,
            seconds=access.seconds,
        ),
    )


def open_whois(settings: Settings, *, log: RequestLog, budgets: Budgets) -> WhoisClient:
    """The client of WHOIS, with a client of the DNS of its own; made once for all threads."""
    access = settings.web
    return WhoisClient(
        open_dns(settings, log=log),
        log=log,
        budgets=budgets,
        limits=WhoisLimits(further_networks=access.further_networks, port=access.whois_port),
    )


def open_dns(settings: Settings, *, log: RequestLog) -> DnsClient:
    """The client of the DNS, which writes each question down in `log`."""
    return DnsClient(settings.dns_servers, log=log)
