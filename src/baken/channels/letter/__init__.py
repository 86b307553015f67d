"""Letter: a warning becomes a letter in the list to print, a PDF for a window envelope.

Handing over ends with the letter in the list (ADR 0035): that it was posted, or came back, is said
by whoever posts letters. Nothing leaves the house here.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from baken.channels.kind import ChannelKind, Rendered, Rendering, no_providers
from baken.channels.letter.glyphs import undrawn
from baken.channels.letter.page import pages_in, pdf_of
from baken.channels.message import Message, Receipt, refuse_what_is_not_carried
from baken.core.errors import About, ChannelError
from baken.core.postal_address import normal_postal_address, postal_address_fault
from baken.core.routes import Carries, Form
from baken.settings.environment import Settings

__all__ = ["KEY", "KIND", "LetterChannel", "address_fault", "pages_in", "rendering"]

KEY: Final = "letter"

_CARRIES: Final = Carries(attachments=False, form=Form.LETTER, is_by_hand=True, is_slow=True)
_IN_THE_LIST: Final = "in the list of letters"


class LetterChannel:
    """Takes what can be posted; the list of letters is the ledger itself."""

    carries: Final = _CARRIES

    def __init__(self, return_address: str, *, public_url: str = "") -> None:
        self._return_address = return_address
        self._public_url = public_url

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
        """Takes `message` when its address fits a window; it is set into pages when printed."""
        self.check()
        _refuse(message)
        return Receipt(_IN_THE_LIST)

    def check(self) -> str:
        """Whether a letter that nobody takes comes back."""
        fault = address_fault(self._return_address)
        if fault:
            raise ChannelError(
                f"BAKEN_LETTER_RETURN_ADDRESS: {fault}", about=About.US, permanent=False
            )
        where = self._public_url or "no page, since BAKEN_PUBLIC_URL is not set"
        return f"letters come back to {self._return_address}; a reader checks them at {where}"


def rendering(settings: Settings) -> Rendering:
    """Renders letters as PDF, with the return address that the settings name."""
    return_address = settings.by_hand.letter_return_address

    def render(message: Message) -> Rendered:
        _refuse(message)
        return Rendered(".pdf", pdf_of(message, return_address=return_address))

    return render


def address_fault(address: str) -> str:
    """Why no letter can go to `address`; empty when one can."""
    fault = postal_address_fault(address)
    if fault:
        return fault
    if missing := undrawn(address):
        return f"A letter cannot show the character {missing!r} of a postal address."
    return ""


def _refuse(message: Message) -> None:
    refuse_what_is_not_carried(message, _CARRIES)
    fault = address_fault(message.recipient_address)
    if fault:
        raise ChannelError(fault, about=About.ADDRESS, permanent=True)


KIND: Final = ChannelKind(
    key=KEY,
    carries=_CARRIES,
    is_for_people=True,
    open=lambda settings: LetterChannel(
        settings.by_hand.letter_return_address, public_url=settings.public.url
    ),
    rendering=rendering,
    address_fault=address_fault,
    subject="list of letters",
    address_noun="postal address",
    place=lambda _settings: "baken letters",
    remedy="Set BAKEN_LETTER_RETURN_ADDRESS to your postal address, at least two lines.",
    normal_address=normal_postal_address,
    providers_of=lambda _settings: no_providers,
    is_set_up=lambda settings: bool(settings.by_hand.letter_return_address),
)
