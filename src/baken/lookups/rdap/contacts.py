"""The ways to reach somebody whom an RDAP answer names, and what stands there in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from baken.core.asset import registrable_domain
from baken.core.lookup import Basis, FoundChannel, FoundRoute, Refusal, RefusedRoute
from baken.core.routes import Scope
from baken.core.text import one_line
from baken.lookups.contact_address import (
    RefusedAddressError,
    form_address,
    mail_address,
    phone_number,
)
from baken.lookups.persons import is_desks_mailbox, is_free_mail
from baken.lookups.placeholders import refusal_of
from baken.lookups.rdap.answer import Entity
from baken.lookups.rdap.jcard import Card, CardValue, PostalAddress
from baken.lookups.rdap.redaction import Redactions

_MOST_ROUTES: Final = 20
_MOST_REFUSED: Final = 20
_MOST_OF_A_CHANNEL: Final = 3
_LONGEST_TEXT: Final = 200
_MOST_LINES: Final = 8
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, as far as it is used
_NOT_VOICE: Final = frozenset({"fax", "pager", "text", "textphone", "video", "data"})
_REDACTED: Final = ("redacted", "truncated due to authorization")


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the routes of an entity are for, and why they count."""

    scope: Scope
    basis: Basis
    confidence: int
    takes_letters: bool = False
    """Whether its postal address is used: of a holder, not of a desk."""


@dataclass(slots=True)
class Gathered:
    """Routes and refusals as they are gathered, each once, up to a number."""

    country: str
    """Where numbers without one are, and addresses that name none (ISO 3166-1, or empty)."""
    redactions: Redactions
    routes: list[FoundRoute] = field(default_factory=list)
    refused: list[RefusedRoute] = field(default_factory=list)

    def add(self, entity: Entity, purpose: Purpose, *, holder: str = "", name: str = "") -> None:
        """The ways to `entity`, which are routes of the holder with the handle `holder`."""
        for text in _said_to_be_redacted(entity, self.redactions):
            self.refuse(text, Refusal.PLACEHOLDER)
        stands_in = refusal_of_entity(entity)
        if stands_in is not None:
            self.refuse(*stands_in)
            return
        for text in filter(None, (entity.card.organisation, entity.card.name)):
            why = refusal_of(text)
            if why is not None:
                self.refuse(text, why)
        if _is_anothers_desk(entity):
            purpose = replace(purpose, takes_letters=False)
            entity = replace(entity, card=Card(mails=entity.card.mails))
        for channel, address in self._ways(entity, takes_letters=purpose.takes_letters):
            route = FoundRoute(
                channel=channel,
                address=address,
                scope=purpose.scope,
                basis=purpose.basis,
                confidence=purpose.confidence,
                language=entity.card.language if _is_language(entity.card.language) else "",
                name=name,
                holder=holder,
            )
            if any(one.channel is channel and one.address == address for one in self.routes):
                continue
            if len(self.routes) >= _MOST_ROUTES:
                self.refuse(address, Refusal.TOO_MANY)
            else:
                self.routes.append(route)

    def refuse(self, text: str, why: Refusal) -> None:
        """Keeps `text` for an analyst to see, once."""
        refused = RefusedRoute(one_line(text, limit=_LONGEST_TEXT), why)
        if refused not in self.refused and len(self.refused) < _MOST_REFUSED:
            self.refused.append(refused)

    def has_mail(self, scope: Scope) -> bool:
        """Whether a mail address for `scope` was found."""
        return any(one.scope is scope and one.channel is FoundChannel.MAIL for one in self.routes)

    def _ways(self, entity: Entity, *, takes_letters: bool) -> Iterator[tuple[FoundChannel, str]]:
        card = entity.card
        mails = self._sound(entity, card.mails, part="mail", read=_mail)
        for address in _desks_first(mails, is_for_abuse="abuse" in entity.roles):
            yield FoundChannel.MAIL, address
        voice = [one for one in card.telephones if not one.types & _NOT_VOICE]
        numbers = self._sound(entity, voice, part="telephone", read=self._number)
        for address, _ in numbers[:_MOST_OF_A_CHANNEL]:
            yield FoundChannel.PHONE, address
        if takes_letters:
            yield from self._letters(entity)
        for address, _ in self._sound(entity, card.forms, part="form", read=_form_or_mail)[:1]:
            yield (FoundChannel.MAIL if "@" in address else FoundChannel.FORM), address

    def _sound(
        self,
        entity: Entity,
        values: Sequence[CardValue],
        *,
        part: str,
        read: Callable[[str], str],
    ) -> list[tuple[str, CardValue]]:
        """Those of `values` that are addresses, in their normal form; the others are refused.

        `read` raises `RefusedAddressError`.
        """
        sound: list[tuple[str, CardValue]] = []
        for value in values:
            try:
                if self._has_changed(entity, part):
                    raise RefusedAddressError(Refusal.PLACEHOLDER)
                sound.append((read(value.text), value))
            except RefusedAddressError as refused:
                self.refuse(value.text, refused.why)
        return sound

    def _letters(self, entity: Entity) -> Iterator[tuple[FoundChannel, str]]:
        """The first postal address to which a letter can go; a redacted one is not whole."""
        if is_said_to_be_redacted(entity):
            return
        for address in entity.card.addresses:
            if not address.has_street_and_city or self._has_changed(entity, "address"):
                continue
            refused = [why for line in address.lines if (why := refusal_of(line)) is not None]
            if refused:
                self.refuse(", ".join(address.lines), refused[0])
                continue
            yield FoundChannel.LETTER, "\n".join(_envelope(address))
            return

    def _has_changed(self, entity: Entity, part: str) -> bool:
        return any(
            redactions.has_changed(part, roles=entity.roles)
            for redactions in (self.redactions, entity.redactions)
        )

    def _number(self, text: str) -> str:
        return phone_number(text, country=self.country)


def refusal_of_entity(entity: Entity) -> tuple[str, Refusal] | None:
    """The name of `entity` and why it is nobody's, where a name of it says so."""
    if "proxy" in entity.roles:
        return entity.card.name or "proxy", Refusal.PRIVACY_SERVICE
    for name in (entity.card.organisation, entity.card.name):
        why = refusal_of(name) if name else None
        if why in (Refusal.PRIVACY_SERVICE, Refusal.REGISTRY_DESK):
            return name, why
    return None


def _is_anothers_desk(entity: Entity) -> bool:
    """Whether its mail is a registry's or a privacy service's: then its telephone is too."""
    refusals = {refusal_of(value.text) for value in entity.card.mails}
    return bool(refusals & {Refusal.REGISTRY_DESK, Refusal.PRIVACY_SERVICE})


def name_of(entity: Entity) -> str:
    """The name of its organisation, else its own; without what stands there for a name."""
    for name in (entity.card.organisation, entity.card.name):
        if name and name != entity.handle and refusal_of(name) is None:
            return name
    return ""


def mail_domains(entities: Iterable[Entity]) -> frozenset[str]:
    """The registrable domains of the mail addresses of `entities`, without free mail."""
    domains = (_domain_of(value.text) for one in entities for value in one.card.mails)
    return frozenset(registrable_domain(one) for one in domains if one and not is_free_mail(one))


def _domain_of(text: str) -> str:
    try:
        return _mail(text).rpartition("@")[2]
    except RefusedAddressError:
        return ""


def is_said_to_be_redacted(entity: Entity) -> bool:
    """Whether a remark says that `entity` does not show all that was registered."""
    return any(_is_about_redaction(remark) for remark in entity.remarks)


def _is_about_redaction(remark: str) -> bool:
    return any(words in remark for words in _REDACTED) and "not redacted" not in remark


def _said_to_be_redacted(entity: Entity, redactions: Redactions) -> Iterator[str]:
    for remark in entity.remarks:
        if _is_about_redaction(remark):
            yield remark
    yield from redactions.texts_of(roles=entity.roles)


def _desks_first(mails: Sequence[tuple[str, CardValue]], *, is_for_abuse: bool) -> list[str]:
    """The addresses to use: those for abuse, else those of desks, else the first alone.

    Least data: a person's own mailbox is not kept beside a desk's.
    """
    for_abuse = [address for address, value in mails if "abuse" in value.types]
    if is_for_abuse and for_abuse:
        return for_abuse[:_MOST_OF_A_CHANNEL]
    desks = [address for address, _ in mails if is_desks_mailbox(address)]
    return (desks or [address for address, _ in mails[:1]])[:_MOST_OF_A_CHANNEL]


def _mail(text: str) -> str:
    """`text` as a mail address; raises `RefusedAddressError`."""
    written = text[7:] if text[:7].lower() == "mailto:" else text
    return mail_address(written.rstrip("."))


def _form_or_mail(text: str) -> str:
    """`text` as the https address of a form, or as a mail address; raises `RefusedAddressError`."""
    return form_address(text) if text.lower().startswith("https://") else _mail(text)


def _envelope(address: PostalAddress) -> Iterator[str]:
    yield from address.lines[:_MOST_LINES]
    if address.country and address.country not in address.lines:
        yield address.country


def _is_language(text: str) -> bool:
    return _LANGUAGE.fullmatch(text) is not None
