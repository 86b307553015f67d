"""``baken explain``: whose it is and by which rule, what was seen, who was told, or why nobody."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from baken.cli.output import counted, say, say_json
from baken.cli.session import begin_reading
from baken.core.asset import AssetKind, normalise_domain, parse_asset
from baken.core.classification import Severity
from baken.core.errors import NotFoundError
from baken.core.policy import Policy, Rule

if TYPE_CHECKING:
    from baken.cases.models import Case
    from baken.outbox.models import NotifiedCase
    from baken.outbox.selectors import CaseVerdict

_SHOWN: Final = 20
_ALIKE: Final = 5
_NETWORK_OR_ASN: Final = re.compile(r"[0-9a-fA-F.:]+/[0-9]{1,3}|(?i:asn?)\s*[0-9]+")

_MATCH_SENTENCES: Final = {
    "longest-prefix": "{asset} is the narrowest registered network that holds this address",
    "covering-prefix": "{asset} covers it, but somebody else holds a narrower network",
    "domain": "{asset} is the most specific registered domain above this name",
    "email-domain": "{asset} is the most specific registered domain above this mail domain",
    "as-number": "{asset} announces it, and nothing narrower is registered",
    "as-number-above": "{asset} announces it, but something narrower is registered or needed",
    "host-of-name": "{asset} holds the address, but this finding is about a name on it",
}
_SILENCE_SENTENCES: Final = {
    Rule.OPERATOR: "the organisation is only the operator of this system, and only an owner is "
    "warned",
    Rule.NOT_HELD: "the asset it was matched by is no longer theirs; run baken match",
    Rule.GONE: "the feed still looks, and no longer sees it",
    Rule.NOT_REGISTERED: "the organisation did not sign up, and no released threat covers it",
    Rule.TOO_OLD: "it was last seen too long ago to be a reason to warn",
    Rule.BELOW_MINIMUM: "its severity is below the level from which we warn",
    Rule.TOLD_RECENTLY: "it was told already; a reminder waits for its interval",
    Rule.NOT_SEEN_SINCE: "it was told already and has not been seen since",
    Rule.NO_OCCASION: "no occasion covers it",
    Rule.NO_CONTACT: "the organisation has no contact with a mail address",
    Rule.CONTACT_UNWANTED: "every mail address of the organisation refused our mail or asked us "
    "to stop",
    Rule.TLP_RED: "it is TLP:RED, which goes out encrypted or not at all, and no channel can "
    "encrypt yet",
}


def explain(
    what: Annotated[
        str,
        typer.Argument(help="An address, a network, an AS number, a domain, or an organisation."),
    ],
    all_cases: Annotated[
        bool, typer.Option("--all", help=f"Show every case, not only the first {_SHOWN}.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say whose WHAT is by which rule, what was seen, whom it warned and when, or why not."""
    settings = begin_reading()
    from baken.jobs.sending import policy_of

    policy, now = policy_of(settings), datetime.now(UTC)
    heading, cases = _look_up(what)
    if as_json:
        found = [_case_figures(case, policy=policy, now=now) for case in cases]
        say_json({"about": what, "assets": heading, "cases": found, "case_count": len(cases)})
        return
    shown = len(cases) if all_cases else _SHOWN
    explained = [explain_case(case, policy=policy, now=now) for case in cases[:shown]]
    for line in heading:
        say(line)
    if not cases:
        say("Nothing was seen there that is kept: no case, and so no warning.")
    for lines in explained:
        say()
        for line in lines:
            say(line)
    if len(cases) > shown:
        say(f"\nAnd {counted(len(cases) - shown, 'more case')}; --all shows them too.")


def _look_up(what: str) -> tuple[list[str], list[Case]]:
    from baken.cases.selectors import cases_of_address, cases_of_domain, cases_of_organisation
    from baken.constituency.selectors import find_organisation, names_like

    address = _address_of(what.strip())
    if address is not None:
        return list(_holders(str(address))), list(cases_of_address(address))
    if _NETWORK_OR_ASN.fullmatch(what.strip()):
        return _look_up_asset(what.strip())
    organisation = find_organisation(what.strip())
    if organisation is not None:
        assets = ", ".join(asset.value for asset in organisation.assets.all()) or "no assets"
        contacts = ", ".join(
            f"{contact} ({contact.role}, {contact.language})"
            for contact in organisation.contacts.all()
        )
        heading = [
            f"{organisation} is {organisation.get_standing_display()}.",
            f"It holds {assets}.",
            f"Contacts: {contacts or 'none, so nobody can be told'}.",
        ]
        return heading, list(cases_of_organisation(organisation.pk))
    try:
        domain = normalise_domain(what)
    except ValueError as error:
        alike = ", ".join(names_like(what.strip(), limit=_ALIKE))
        raise NotFoundError(
            f"{what!r} is neither an address, a network, an AS number nor a domain, and no "
            "organisation has that reference or name.",
            remedy=f"Perhaps you mean {alike}."
            if alike
            else "Give 192.0.2.7, 192.0.2.0/24, AS64500, www.example.nl, or an organisation's "
            "reference.",
        ) from error
    return list(_holders(domain)), list(cases_of_domain(domain))


def _address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that `text` names: without a scope, and IPv4 where it is written as IPv6."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _look_up_asset(text: str) -> tuple[list[str], list[Case]]:
    from baken.cases.selectors import cases_by_asset, cases_in_network

    asset = parse_asset(text, allow_documentation=True)
    if asset.kind is AssetKind.ASN:
        return list(_holders(text)), list(cases_by_asset(asset.value))
    return list(_holders(asset.value)), list(cases_in_network(asset.value))


def _holders(text: str) -> Iterator[str]:
    from baken.constituency.selectors import assets_covering
    from baken.core.errors import AssetRefusedError

    try:
        assets = assets_covering(text)
    except AssetRefusedError as error:
        yield f"{text}: {error.message}"
        return
    if not assets:
        yield f"{text} lies in no registered asset."
    for rank, asset in enumerate(assets):
        period = ""
        if asset.valid_from or asset.valid_until:
            start = f" from {asset.valid_from:%Y-%m-%d}" if asset.valid_from else ""
            end = f" until {asset.valid_until:%Y-%m-%d}" if asset.valid_until else ""
            period = f" ({start}{end} )".replace("( ", "(").replace(" )", ")")
        place = "lies in" if rank == 0 else "and in the wider"
        yield f"{text} {place} {asset.value} of {asset.organisation}{period}."


def explain_case(case: Case, *, policy: Policy, now: datetime) -> list[str]:
    """Whose `case` is, what was seen, who was told and what is next, in lines for a person."""
    from baken.outbox.selectors import verdict_on

    sentence = _MATCH_SENTENCES.get(case.rule, "{asset}").format(asset=case.asset_value)
    shared = "; another organisation holds the same, and both match" if case.is_shared else ""
    lines = [
        f"{case.finding_kind} on {case.system} ({Severity(case.severity).key}, {case.state})",
        f"  whose   {case.organisation} as {case.relation}: {sentence}{shared} [{case.rule}].",
        f"  seen    {_seen(case)}, by {case.feed} in {case.report_type}.",
    ]
    told = _told(case)
    lines += [f"  told    {line}" for line in told]
    verdict = verdict_on(case, policy=policy, now=now)
    rule = verdict.rule
    if rule.tells:
        lines.append(_next(verdict))
    elif told:
        lines.append(f"  now     silent, because {_SILENCE_SENTENCES[rule]} [{rule.value}].")
    else:
        lines.append(f"  silent  nobody was told: {_SILENCE_SENTENCES[rule]} [{rule.value}].")
    return lines


def _case_figures(case: Case, *, policy: Policy, now: datetime) -> dict[str, object]:
    """What `explain_case` says, as fields; times are ISO 8601."""
    from baken.outbox.selectors import notifications_about, verdict_on

    verdict = verdict_on(case, policy=policy, now=now)
    told = notifications_about([case.pk]).get(case.pk, [])
    return {
        "organisation": case.organisation.reference,
        "relation": case.relation,
        "rule": case.rule,
        "asset": case.asset_value,
        "is_shared": case.is_shared,
        "finding_kind": case.finding_kind,
        "system": case.system,
        "severity": Severity(case.severity).key,
        "state": case.state,
        "first_seen_at": case.first_seen_at.isoformat(),
        "last_seen_at": case.last_seen_at.isoformat(),
        "sightings": case.sightings,
        "told": [
            {
                "notification": str(one.notification_id),
                "address": one.notification.addressee.address,
                "planned_at": one.notification.planned_at.isoformat(),
                "occasion": one.occasion.key,
                "reason": one.reason,
                "state": one.notification.state,
            }
            for one in told
        ],
        "next": "tell" if verdict.rule.tells else "silent",
        "because": verdict.rule.value,
    }


def _seen(case: Case) -> str:
    if case.sightings == 1:
        return f"once, at {case.last_seen_at:%Y-%m-%d %H:%M} UTC"
    return (
        f"{case.sightings:,} times from {case.first_seen_at:%Y-%m-%d %H:%M} to "
        f"{case.last_seen_at:%Y-%m-%d %H:%M} UTC"
    )


def _next(verdict: CaseVerdict) -> str:
    from baken.outbox.selectors import current_halt

    assert verdict.occasion is not None
    halt = current_halt()
    when = f"once sending is resumed: sending is halted ({halt.reason})" if halt else ""
    return (
        f"  next    {verdict.verdict.route} will be told with the next send under "
        f"{verdict.occasion.key} [{verdict.rule.value}]{', ' if when else ''}{when}."
    )


def _told(case: Case) -> list[str]:
    from baken.outbox.selectors import notifications_about

    found: Iterable[NotifiedCase] = notifications_about([case.pk]).get(case.pk, [])
    return [_told_line(one) for one in found]


def _told_line(told: NotifiedCase) -> str:
    from baken.outbox.models import Delivery, Notification

    notification = told.notification
    deliveries = list(notification.deliveries.all())
    when = f"{notification.planned_at:%Y-%m-%d %H:%M} UTC"
    last = deliveries[-1] if deliveries else None
    how = "planned, not sent yet"
    if notification.state == Notification.State.WITHDRAWN:
        how = f"withdrawn: {notification.state_reason}"
    if last is not None:
        how = f"{last.state}, attempt {last.attempt}"
        if last.reply and last.state != Delivery.State.ACCEPTED:
            how += f": {last.reply}"
    return (
        f"{notification.addressee.address} by {notification.channel}, planned {when} under "
        f"{told.occasion.key} as {told.reason} [{how}]."
    )
