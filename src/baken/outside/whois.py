"""The one client of WHOIS (RFC 3912): a question in one line to port 43, and what comes until the
server closes. To checked addresses, within limits, and written down, as the client of the web.

What is asked, and what comes, travels in the clear: whoever stands between can read and change it.
"""

from __future__ import annotations

import copy
import socket
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final

from baken.core.pap import Pap, Touch
from baken.outside.dns import Answered, DnsClient
from baken.outside.fetching import FetchError, FetchFailure
from baken.outside.keeping import Asked, Budgets, RequestLog
from baken.outside.purpose import Purpose, make_purpose
from baken.outside.targets import Network, is_allowed, is_name
from baken.outside.turns import NoTurnError, Turns

WHOIS_PORT: Final = 43
MOST_ADDRESSES: Final = 3
"""So many addresses of one name are tried, as long as nobody answers."""

_LONGEST_QUESTION: Final = 300
_PIECE: Final = 16 << 10


@dataclass(frozen=True, slots=True)
class WhoisLimits:
    """What the client allows itself and others."""

    further_networks: tuple[Network, ...] = ()
    """Networks that may be asked though they are not global: those of tests and of the demo."""
    port: int = WHOIS_PORT
    """Where all servers listen: another than 43 only in tests and in the demo."""
    at_once: int = 16
    at_once_per_server: int = 1
    """Registries count connections, and block who opens several."""
    per_day: int = 500
    """Questions to one server a day; what registries allow is seldom published."""
    largest: int = 128 << 10
    """Bytes of an answer."""
    seconds: float = 20.0
    """From the first byte to the last."""
    seconds_to_connect: float = 5.0
    seconds_of_silence: float = 10.0
    seconds_for_a_turn: float = 60.0
    """So long a question waits until others to its server are done."""


class WhoisClient:
    """Asks WHOIS servers by name; made once, for any number of threads."""

    def __init__(
        self,
        dns: DnsClient,
        *,
        log: RequestLog,
        budgets: Budgets,
        limits: WhoisLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._dns = dns
        self._log = log
        self._budgets = budgets
        self._limits = limits or WhoisLimits()
        self._clock = clock
        self._now = now
        self._purpose = Purpose()
        self._turns = Turns(in_all=self._limits.at_once, per_host=self._limits.at_once_per_server)

    def because(
        self,
        why: str,
        *,
        pap: Pap = Pap.CLEAR,
        touch: Touch = Touch.SUBJECT,
        subjects: Collection[str] = (),
    ) -> WhoisClient:
        """The same client, which writes `why` down and asks only what `pap` permits.

        See `baken.outside.web.WebClient.because`.
        """
        other = copy.copy(self)
        other._purpose = make_purpose(why, pap=pap, touch=touch, subjects=subjects)
        other._dns = self._dns.because(why, pap=pap, touch=touch, subjects=subjects)
        return other

    def ask(self, server: str, question: str) -> bytes:
        """What the server with the name `server` answers to `question`, one line of ASCII.

        Raises `FetchError` and nothing else.
        """
        if not is_name(server):
            raise FetchError(FetchFailure.NOT_ALLOWED, "The name of the WHOIS server is no name.")
        if not _is_one_line(question):
            raise FetchError(FetchFailure.NOT_ALLOWED, f"The question to {server} is no WHOIS.")
        self._check_purpose(server)
        try:
            with self._turns.turn(server, seconds=self._limits.seconds_for_a_turn):
                self._check_budget(server)
                return self._try_addresses(server, question)
        except NoTurnError:
            raise FetchError(
                FetchFailure.ASK_LATER,
                f"Other questions to {server} took too long.",
                again_at=self._now() + timedelta(seconds=self._limits.seconds_for_a_turn),
            ) from None

    def leave_alone(self, server: str, *, until: datetime) -> None:
        """Ask `server` nothing before `until`: it said so in what it answered."""
        self._budgets.pause(server, until)

    def _check_purpose(self, server: str) -> None:
        if not self._purpose.permits(server):
            raise FetchError(
                FetchFailure.NOT_ALLOWED, f"{self._purpose.pap} does not permit to ask {server}."
            )

    def _check_budget(self, server: str) -> None:
        again_at = self._budgets.take(server, self._now(), at_most=self._limits.per_day)
        if again_at is not None:
            raise FetchError(
                FetchFailure.ASK_LATER, f"{server} is not to be asked now.", again_at=again_at
            )

    def _try_addresses(self, server: str, question: str) -> bytes:
        give_up_at = self._clock() + self._limits.seconds
        addresses = self._addresses(server)
        for number, address in enumerate(addresses, start=1):
            try:
                return self._written_down(server, question, address, give_up_at=give_up_at)
            except FetchError as error:
                is_silent = isinstance(error.__cause__, _NoConnectionError)
                if not is_silent or number == len(addresses) or self._clock() >= give_up_at:
                    raise
        raise AssertionError("a name has an address")

    def _addresses(self, server: str) -> tuple[str, ...]:
        """The addresses that may be asked; one that may not spoils the whole name (ADR 0028)."""
        found = self._dns.addresses([server])[server]
        if not found.addresses:
            if found.answered is Answered.UNKNOWN:
                raise FetchError(
                    FetchFailure.NOT_REACHED, f"The DNS does not say where {server} is."
                )
            raise FetchError(FetchFailure.NO_SUCH_NAME, f"{server} has no address.")
        for address in found.addresses:
            if not is_allowed(ip_address(address), further=self._limits.further_networks):
                raise FetchError(
                    FetchFailure.NOT_ALLOWED,
                    f"{server} leads to {address}, which is not an address to ask.",
                )
            self._check_purpose(address)
        return found.addresses[:MOST_ADDRESSES]

    def _written_down(
        self, server: str, question: str, address: str, *, give_up_at: float
    ) -> bytes:
        asked_at, begun = self._now(), self._clock()
        outcome, came = str(FetchFailure.NOT_REACHED), bytearray()
        try:
            self._exchange(server, question, address, came, give_up_at=give_up_at)
            outcome = "answered"
            return bytes(came)
        except FetchError as error:
            outcome = str(error.failure)
            raise
        finally:
            self._log.record(
                Asked(
                    asked_at,
                    server,
                    f"whois://{server}/{question}",
                    self._purpose.why,
                    outcome,
                    len(came),
                    round((self._clock() - begun) * 1000),
                    address,
                )
            )

    def _exchange(
        self, server: str, question: str, address: str, came: bytearray, *, give_up_at: float
    ) -> None:
        """Ask, and add to `came` what is answered; every failure becomes a `FetchError`."""
        try:
            with self._connected(address, give_up_at=give_up_at) as connection:
                connection.sendall(question.encode("ascii") + b"\r\n")
                while piece := self._read(connection, give_up_at=give_up_at):
                    came += piece
                    if len(came) > self._limits.largest:
                        raise FetchError(
                            FetchFailure.TOO_LARGE, f"The answer of {server} is too large."
                        )
        except _NoConnectionError as error:
            raise FetchError(FetchFailure.NOT_REACHED, f"Nobody answers at {server}.") from error
        except TimeoutError as error:
            raise FetchError(FetchFailure.TOO_SLOW, f"{server} did not answer in time.") from error
        except OSError as error:
            raise FetchError(
                FetchFailure.NOT_REACHED, f"The connection to {server} broke off."
            ) from error

    def _connected(self, address: str, *, give_up_at: float) -> socket.socket:
        left = min(self._limits.seconds_to_connect, give_up_at - self._clock())
        try:
            if left <= 0:
                raise TimeoutError
            return socket.create_connection((address, self._limits.port), timeout=left)
        except OSError as error:
            raise _NoConnectionError from error

    def _read(self, connection: socket.socket, *, give_up_at: float) -> bytes:
        # Each read has what is left of the whole, so that a byte a second gains no time.
        left = give_up_at - self._clock()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(min(left, self._limits.seconds_of_silence))
        return connection.recv(_PIECE)


class _NoConnectionError(OSError):
    """Nobody answered at the address, so that nothing was said yet."""


def _is_one_line(question: str) -> bool:
    return 0 < len(question) <= _LONGEST_QUESTION and question.isascii() and question.isprintable()
