"""Systems whose owner nobody registered, in a made-up internet that knows who owns each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from baken.specimen.internet import Page, Record, World
from baken.specimen.registry_answers import (
    RDAP_TYPE,
    HeldNetwork,
    Somebody,
    network_answer,
    write_bootstrap,
    write_split_file,
)
from baken.specimen.unknown_sorts import (
    FAILING_REGISTRIES,
    LOOPBACK,
    OF_AN_OPERATOR,
    TURNS,
    Answers,
    Place,
    central_desk,
    operator_only,
    security_txt,
)

MOST_SYSTEMS: Final = 16_384
FINDING_KINDS: Final = ("vulnerable-exchange", "compromised-website")

_REGISTRIES: Final = 40
"""So many RDAP servers: no more than two requests go to one at the same time."""
_LEAST_FOR_A_DESK: Final = 60
"""With fewer domains, an address that is given for all of them may be a group's own."""


@dataclass(frozen=True, slots=True)
class UnknownOne:
    """One system, and all about it."""

    place: Place
    sort: str
    answers: Answers
    is_in_bulk: bool = False
    """Whether its network stands in a file that was given."""


def make_unknown_systems(count: int, *, with_bulk: bool = False) -> list[UnknownOne]:
    """`count` systems, at most `MOST_SYSTEMS`, of each sort in turn; each in a network of its own.

    With `with_bulk` a given file holds the networks of every second operator.
    """
    has_desk = count // len(TURNS) * TURNS.count(central_desk) >= _LEAST_FOR_A_DESK
    systems = []
    for number in range(count):
        sort = TURNS[number % len(TURNS)]
        if sort is central_desk and not has_desk:
            sort = operator_only
        place = Place(number)
        # What is given of an operator's network is complete, as registries' files are.
        is_in_bulk = with_bulk and number // OF_AN_OPERATOR % 2 == 0
        systems.append(UnknownOne(place, sort.__name__.strip("_"), sort(place), is_in_bulk))
    return systems


# ── The world around them ────────────────────────────────────────────────────────────────────────


def world_of(systems: list[UnknownOne]) -> World:
    """The internet around `systems`."""
    records = [Record(_registry(number), "A", LOOPBACK) for number in range(_REGISTRIES)]
    records += [Record(_of(one), "A", LOOPBACK) for one in FAILING_REGISTRIES]
    records += [
        Record(domain, "MX", f"10 mail.{domain}")
        for domain in ("provider.example", "registrar.example")
    ]
    pages = []
    for operator in {system.place.operator for system in systems}:
        records += [
            Record(operator, "MX", f"10 mail.{operator}"),
            Record(operator, "A", LOOPBACK),
        ]
        pages.append(security_txt(operator, f"security@{operator}"))
    for system in systems:
        answers = system.answers
        records += answers.records
        pages += answers.pages
        pages.append(_about_network(system))
        pages += [
            Page(f"https://{_registry_of(system.place)}/domain/{domain}", text,
                 content_type=RDAP_TYPE)
            for domain, text in answers.domains
        ]  # fmt: skip
    return World(tuple(records), tuple(pages))


def _about_network(system: UnknownOne) -> Page:
    """What its registry answers about its address."""
    answers, place = system.answers, system.place
    url = f"https://{_of(answers.registry) or _registry_of(place)}/ip/{place.address}"
    match answers.registry:
        case "rdap-broken":
            return Page(url, status=500)
        case "rdap-silent":
            return Page(url, is_silent=True)
        case "rdap-busy":
            return Page(url, status=429, retry_after_seconds=600)
    text = network_answer(
        place.network,
        is_assigned=answers.holder is not None,
        holder=answers.holder,
        abuse=None if answers.is_operator_silent else _desk(place),
    )
    return Page(url, text, content_type=RDAP_TYPE)


def _desk(place: Place) -> Somebody:
    """Who answers for abuse of the operator's networks."""
    handle = f"AR{place.number // OF_AN_OPERATOR}-TEST"
    return Somebody(handle, "Abuse Desk", kind="group", mail=f"abuse@{place.operator}")


def _of(registry: str) -> str:
    return f"{registry}.example" if registry else ""


def _registry(number: int) -> str:
    return f"rdap-{number}.registry.example"


def _registry_of(place: Place) -> str:
    return _registry(place.number % _REGISTRIES)


# ── What we are given ────────────────────────────────────────────────────────────────────────────


def write_bootstraps(systems: list[UnknownOne], folder: Path) -> list[Path]:
    """Write to `folder` which registry answers for which network, and for which domain."""
    networks: dict[str, list[str]] = {}
    domains: dict[str, list[str]] = {}
    for system in systems:
        registry = _registry_of(system.place)
        of_network = _of(system.answers.registry) or registry
        networks.setdefault(of_network, []).append(str(system.place.network))
        domains.setdefault(registry, []).extend(domain for domain, _ in system.answers.domains)
    paths = []
    for name, held in (("ipv4", networks), ("dns", domains)):
        path = folder / f"{name}.json"
        write_bootstrap(path, {host: mine for host, mine in held.items() if mine})
        paths.append(path)
    return paths


def write_bulk(systems: list[UnknownOne], path: Path) -> None:
    """Write to `path` the networks of the systems that are in bulk, as objects of a registry.

    And those that were allocated to operators, around them.
    """
    held: list[HeldNetwork] = [
        HeldNetwork(
            one.place.network[0],
            one.place.network[-1],
            one.answers.holder,
            None if one.answers.is_operator_silent else _desk(one.place),
        )
        for one in systems
        if one.is_in_bulk
    ]
    for number in range(0, len(systems), 2 * OF_AN_OPERATOR):
        first, last = Place(number), Place(number + OF_AN_OPERATOR - 1)
        held.append(HeldNetwork(first.network[0], last.network[-1], None, _desk(first)))
    write_split_file(path, held)


def write_reports(systems: list[UnknownOne], folder: Path, *, seen_at: datetime) -> list[Path]:
    """Write to `folder` the reports that name `systems`: of servers, and of sites broken into."""
    day, seen = seen_at.date(), f"{seen_at:%Y-%m-%d %H:%M:%S}"
    servers = ["timestamp,severity,ip,protocol,port,hostname,hostname_source,tag,url"]
    sites = ["timestamp,severity,ip,protocol,port,hostname,tag,http_host,category"]
    for system in systems:
        answers, address = system.answers, system.place.address
        if answers.is_broken_into:
            sites.append(
                f'"{seen}",critical,{address},tcp,443,,webshell,{answers.asked_name},webshell'
            )
            continue
        source = "cert" if answers.is_from_certificate else "ptr"
        url = f"https://{answers.asked_name}/owa/" if answers.asked_name else ""
        servers.append(
            f'"{seen}",critical,{address},tcp,443,{answers.hinted_name},{source},exchange,{url}'
        )
    paths = []
    for name, lines in (("scan_exchange", servers), ("compromised_website", sites)):
        path = folder / f"{day}-{name}-test.csv"
        path.write_text("\n".join([*lines, ""]))
        paths.append(path)
    return paths
