"""A made-up channel, as the author of an adapter would write it: one module, nothing else touched.

A courier posts each warning, sealed, to the URL at which the recipient takes it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from baken.channels.kind import ChannelKind, Rendered, Rendering
from baken.channels.message import Message, Receipt, refuse_what_is_not_carried
from baken.core.errors import About, ChannelError
from baken.core.routes import Carries
from baken.settings.environment import Settings

KEY: Final = "courier"

_CARRIES: Final = Carries(encryption=True, attachments=False, longest_text=4_000)
_TIMEOUT_SECONDS: Final = 5.0

_REFUSALS: Final = {
    401: (About.US, False),
    404: (About.ADDRESS, True),
    413: (About.MESSAGE, True),
    503: (About.MAILBOX, False),
}
"""What the answers of a letter box mean: about what, and whether for good."""


class CourierChannel:
    """Posts messages under the key in `key_file`, which the recipients know."""

    carries: Final = _CARRIES

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file

    def __enter__(self) -> Self:
        """The channel itself; each message has a connection of its own."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to let go of."""

    def send(self, message: Message) -> Receipt:
        """Posts `message`; the reply is what the letter box said."""
        sealed = _sealed(message, self._key())
        parts = urlsplit(message.recipient_address)
        connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_SECONDS)
        try:
            connection.connect()
        except OSError as error:
            raise ChannelError(str(error), about=About.MAILBOX, permanent=False) from error
        try:
            connection.request("POST", parts.path or "/", body=sealed)
            response = connection.getresponse()
            said = f"{response.status} {response.read(500).decode(errors='replace')}".strip()
        except (OSError, http.client.HTTPException) as error:
            raise ChannelError(
                f"No answer: {type(error).__name__}.",
                about=About.MAILBOX,
                permanent=False,
                uncertain=True,
            ) from error
        finally:
            connection.close()
        if response.status != 201:
            about, permanent = _REFUSALS.get(response.status, (About.MAILBOX, False))
            raise ChannelError(said, about=about, permanent=permanent)
        return Receipt(said)

    def check(self) -> str:
        """Looks whether there is a key."""
        self._key()
        return "seals with our key"

    def _key(self) -> bytes:
        try:
            return self._key_file.read_bytes()
        except OSError as error:
            raise ChannelError(
                f"There is no key in {self._key_file}.", about=About.US, permanent=False
            ) from error


def _sealed(message: Message, key: bytes) -> bytes:
    refuse_what_is_not_carried(message, _CARRIES)
    letter = f"{message.subject}\n\n{message.text}".encode()
    # Made up: whoever seals in earnest takes OpenPGP or the like.
    seal = hmac.new(key, letter, hashlib.sha256).hexdigest()
    content = {"id": message.id, "letter": base64.b64encode(letter).decode(), "seal": seal}
    return json.dumps(content, sort_keys=True).encode()


def _rendering(settings: Settings) -> Rendering:
    key_file = _key_file(settings)

    def render(message: Message) -> Rendered:
        key = key_file.read_bytes() if key_file.exists() else b""
        return Rendered(".sealed.json", _sealed(message, key))

    return render


def _key_file(settings: Settings) -> Path:
    return settings.home / "courier.key"


def _address_fault(address: str) -> str:
    try:
        parts = urlsplit(address.strip())
        is_letter_box = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_letter_box = False
    return "" if is_letter_box else "This is no letter box."


KIND: Final = ChannelKind(
    key=KEY,
    carries=_CARRIES,
    is_for_people=True,
    open=lambda settings: CourierChannel(_key_file(settings)),
    rendering=_rendering,
    address_fault=_address_fault,
    subject="courier",
    address_noun="letter box",
    place=lambda settings: str(_key_file(settings)),
    remedy="Put the courier's key there.",
)
