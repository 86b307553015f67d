"""Phone: a warning becomes a call in the list of calls, which a person makes.

Handing over ends with the call in the list (ADR 0030): that somebody was reached is said by who
called. Nothing leaves the house here. Without a published number nobody is called, since a callee
could not check that the call is ours.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

import phonenumbers

from baken.channels.kind import ChannelKind, Rendered, Rendering, no_providers
from baken.channels.message import Message, Receipt, refuse_what_is_not_carried
from baken.core.errors import About, ChannelError
from baken.core.routes import Carries, Form
from baken.core.text import many_lines, one_line
from baken.settings.environment import Settings

KEY: Final = "phone"

_CARRIES: Final = Carries(attachments=False, form=Form.SCRIPT, is_by_hand=True)
_HOME_REGION: Final = "NL"
_IN_THE_LIST: Final = "in the list of calls"


class PhoneChannel:
    """Takes what can be called; the list of calls is the ledger itself."""

    carries: Final = _CARRIES

    def __init__(self, published_number: str) -> None:
        self._published_number = published_number

    def __enter__(self) -> Self:
        """The channel itself: there is nothing to open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to let go of."""

    def send(self, message: Message) -> Receipt:
        """Takes `message` when its address is a telephone number."""
        self.check()
        refuse_what_is_not_carried(message, _CARRIES)
        fault = address_fault(message.recipient_address)
        if fault:
            raise ChannelError(fault, about=About.ADDRESS, permanent=True)
        return Receipt(_IN_THE_LIST)

    def check(self) -> str:
        """Whether a callee can call back."""
        if not self._published_number:
            raise ChannelError(
                "BAKEN_PUBLISHED_NUMBER is not set.", about=About.US, permanent=False
            )
        return f"who is called can call back {self._published_number}"


def address_fault(address: str) -> str:
    """Why `address` cannot be called; empty when it can."""
    return "" if _parsed(address) else "This is no telephone number that can be called."


def normal_address(address: str) -> str:
    """A valid telephone number in E.164; without a country code it is read as Dutch."""
    number = _parsed(address)
    if number is None:
        return address.strip()
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _parsed(address: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(address, _HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    return None if number.extension or not phonenumbers.is_valid_number(number) else number


def _rendering(_settings: Settings) -> Rendering:
    return _render


def _render(message: Message) -> Rendered:
    refuse_what_is_not_carried(message, _CARRIES)
    name = one_line(message.recipient_name, limit=200)
    head = (
        f"Call:    {name} {one_line(message.recipient_address, limit=100)}",
        f"Subject: {one_line(message.subject, limit=900)}",
    )
    return Rendered(".txt", "\n".join([*head, "", many_lines(message.text)]).encode())


KIND: Final = ChannelKind(
    key=KEY,
    carries=_CARRIES,
    is_for_people=True,
    open=lambda settings: PhoneChannel(settings.by_hand.published_number),
    rendering=_rendering,
    address_fault=address_fault,
    subject="list of calls",
    address_noun="telephone number",
    place=lambda _settings: "baken calls",
    remedy="Set BAKEN_PUBLISHED_NUMBER to the number at which people reach you.",
    normal_address=normal_address,
    providers_of=lambda _settings: no_providers,
    is_set_up=lambda settings: bool(settings.by_hand.published_number),
)
