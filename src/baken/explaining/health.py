"""What a health check found, in words: what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from baken.core.waiting_by_hand import WaitingByHand
from baken.explaining.by_hand import waiting_lines
from baken.explaining.health_checks import (
    BrakeCheck,
    ChannelCheck,
    Check,
    ConstituencyCheck,
    DatabaseCheck,
    DeliveriesCheck,
    HintsCheck,
    OwnFaultCheck,
    QuotedCheck,
    RangesCheck,
    RegistrantRequestsCheck,
    SenderCheck,
    SendingCheck,
    SettingsCheck,
    StoreCheck,
    UnwantedCheck,
)
from baken.explaining.words import Words

_OLDEST_SERVER: Final = 15


@dataclass(frozen=True, slots=True)
class Health:
    """One check in words."""

    subject: str
    """Its key: the same in every language."""
    is_well: bool
    text: str
    remedy: str = ""
    """What to do when it is not well."""


def health_of(check: Check, words: Words) -> Health:
    """`check` in words."""
    match check:
        case SettingsCheck(home, changed):
            said = ", ".join(changed) or words.say("doctor.settings.none")
            return _well("settings", words.say("doctor.settings.text", home=home, changed=said))
        case DatabaseCheck():
            return _of_database(check, words)
        case StoreCheck():
            return _of_store(check, words)
        case SenderCheck():
            return _of_sender(check, words)
        case ChannelCheck():
            return _of_channel(check, words)
        case SendingCheck():
            return _of_sending(check, words)
        case WaitingByHand():
            return _well("by_hand", " ".join(waiting_lines(check, words)))
        case OwnFaultCheck():
            return _of_own_fault(check, words)
        case BrakeCheck():
            return _of_brake(check, words)
        case ConstituencyCheck():
            return _of_constituency(check, words)
        case UnwantedCheck():
            return _of_unwanted(check, words)
        case HintsCheck():
            return _of_hints(check, words)
        case RegistrantRequestsCheck():
            return _of_registrant_requests(check, words)
        case RangesCheck(are_allowed):
            key = "doctor.ranges.allowed" if are_allowed else "doctor.ranges.refused"
            return _well("ranges", words.say(key))
        case DeliveriesCheck():
            return _of_deliveries(check, words)
        case QuotedCheck(subject, is_well, text, remedy):
            return Health(subject, is_well, text, remedy)


def health_lines(health: Health, words: Words) -> Iterator[str]:
    """What was found and what to do about it, in lines for a person."""
    yield words.say(
        "doctor.line.well" if health.is_well else "doctor.line.wrong",
        subject=words.name("doctor.subject", health.subject),
        text=health.text,
    )
    if health.remedy:
        yield words.say("doctor.line.remedy", remedy=health.remedy)


def _well(subject: str, text: str) -> Health:
    return Health(subject, True, text)


def _wrong(subject: str, words: Words, text: str, remedy: str) -> Health:
    return Health(subject, False, text, words.say(remedy))


def _of_database(check: DatabaseCheck, words: Words) -> Health:
    key = "doctor.database.embedded" if check.is_embedded else "doctor.database.named"
    text = words.say(key, version=check.version)
    if check.version < _OLDEST_SERVER:
        return _wrong("database", words, text, "doctor.database.remedy")
    return _well("database", text)


def _of_store(check: StoreCheck, words: Words) -> Health:
    damaged = [*check.missing, *check.odd]
    if damaged:
        text = words.say(
            "doctor.store.damaged",
            files=check.listed,
            url=check.url,
            missing=len(check.missing),
            odd=len(check.odd),
            example=damaged[0],
        )
        return _wrong("store", words, text, "doctor.store.damaged_remedy")
    if check.unlisted or check.expired:
        text = words.say(
            "doctor.store.untidy",
            files=check.listed,
            url=check.url,
            expired=check.expired,
            unlisted=check.unlisted,
        )
        return _wrong("store", words, text, "doctor.store.untidy_remedy")
    return _well("store", words.say("doctor.store.well", files=check.listed, url=check.url))


def _of_sender(check: SenderCheck, words: Words) -> Health:
    key = "doctor.sender.well" if check.contact_line else "doctor.sender.unchecked"
    text = words.say(key, **asdict(check))
    if check.contact_line:
        return _well("sender", text)
    return _wrong("sender", words, text, "doctor.sender.unchecked_remedy")


def _of_channel(check: ChannelCheck, words: Words) -> Health:
    if check.fault:
        text = words.say("doctor.channel.wrong", place=check.place, fault=check.fault)
        remedy = words.say("doctor.channel.wrong_remedy", remedy=check.remedy)
        return Health(check.subject, False, text, remedy)
    text = words.say("doctor.channel.well", place=check.place, answer=check.answer)
    return Health(check.subject, True, text)


def _of_sending(check: SendingCheck, words: Words) -> Health:
    if check.halted_at is not None:
        text = words.say("doctor.sending.halted", at=check.halted_at, reason=check.halt_reason)
        return _wrong("sending", words, text, "doctor.sending.halted_remedy")
    text = words.say(
        "doctor.sending.well",
        planned=check.planned,
        accepted=check.accepted,
        refused=check.refused,
    )
    return _well("sending", text)


def _of_own_fault(check: OwnFaultCheck, words: Words) -> Health:
    text = words.say(
        "doctor.own_fault.text",
        channel=words.name("channels", check.channel),
        failures=check.failures,
        since=check.since,
        reply=check.reply,
    )
    return _wrong("own_fault", words, text, "doctor.own_fault.remedy")


def _of_brake(check: BrakeCheck, words: Words) -> Health:
    facts = asdict(check)
    text = words.say("doctor.brake.text", **facts)
    return Health("brake", False, text, words.say("doctor.brake.remedy", held=check.held))


def _of_constituency(check: ConstituencyCheck, words: Words) -> Health:
    subject = "constituency"
    if check.organisations == 0:
        text = words.say("doctor.constituency.empty")
        return _wrong(subject, words, text, "doctor.constituency.empty_remedy")
    ways = words.say("doctor.constituency.or").join(check.address_nouns)
    if not check.unreachable:
        text = words.say("doctor.constituency.well", count=check.organisations, ways=ways)
        return _well(subject, text)
    is_cut = check.unreachable > len(check.names)
    text = words.say(
        "doctor.constituency.unreachable_more" if is_cut else "doctor.constituency.unreachable",
        unreachable=check.unreachable,
        count=check.organisations,
        ways=ways,
        names=", ".join(check.names),
    )
    return _wrong(subject, words, text, "doctor.constituency.unreachable_remedy")


def _of_unwanted(check: UnwantedCheck, words: Words) -> Health:
    text = words.say(
        "doctor.unwanted.more"
        if check.organisations > len(check.names)
        else "doctor.unwanted.text",
        organisations=words.counted("organisation", check.organisations),
        names=", ".join(check.names),
    )
    return _wrong("unwanted", words, text, "doctor.unwanted.remedy")


def _of_hints(check: HintsCheck, words: Words) -> Health:
    """Nothing is broken: it is for a person to ask for networks."""
    if not check.organisations:
        return _well("hints", words.say("doctor.hints.none"))
    organisations = words.counted("domains_only", check.organisations)
    if not check.rows:
        text = words.say("doctor.hints.unnamed", organisations=organisations, days=check.days)
        return _well("hints", text)
    text = words.say(
        "doctor.hints.named",
        organisations=organisations,
        days=check.days,
        rows=words.counted("row", check.rows),
        names=", ".join(check.names),
    )
    return Health("hints", True, text, words.say("doctor.hints.remedy"))


def _of_registrant_requests(check: RegistrantRequestsCheck, words: Words) -> Health:
    """Nothing is broken: it is for a person to ask again."""
    if not check.overdue:
        waiting = words.counted("request", check.waiting)
        return _well(
            "registrant_requests", words.say("doctor.registrant_requests.none", requests=waiting)
        )
    text = words.say(
        "doctor.registrant_requests.overdue",
        requests=words.counted("request", check.overdue),
        names="; ".join(check.names),
    )
    remedy = words.say("doctor.registrant_requests.remedy")
    return Health("registrant_requests", True, text, remedy)


def _of_deliveries(check: DeliveriesCheck, words: Words) -> Health:
    if check.last_at is None:
        text = words.say("doctor.feed.nothing")
        if check.is_any_in_use:
            return Health(check.feed, True, text)
        return Health(check.feed, False, text, words.say("doctor.feed.nothing_remedy"))
    text = words.say("doctor.feed.well", at=check.last_at)
    if check.is_late and check.expected_every is not None:
        often = _how_often(check.expected_every, words)
        return Health(check.feed, False, text, words.say("doctor.feed.late_remedy", often=often))
    return Health(check.feed, True, text)


def _how_often(every: timedelta, words: Words) -> str:
    if every == timedelta(days=1):
        return words.say("doctor.feed.daily")
    if every.days:
        return words.say("doctor.feed.days", count=every.days)
    return words.say("doctor.feed.hours", count=f"{every.total_seconds() / 3600:g}")
