"""The one client of the web: https only, global addresses only, within limits, and written down.

docs/adr/0028-requests-that-leave-the-house.md says why it refuses what it refuses.
"""

from __future__ import annotations

import copy
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import httpcore2
import httpx2

from baken.core.pap import Pap, Touch
from baken.core.text import one_line
from baken.outside.dns import Answered, DnsClient
from baken.outside.fetching import Fetched, FetchError, FetchFailure
from baken.outside.keeping import Asked, Budgets, RequestLog
from baken.outside.pinned import ADDRESS, PIN, NoConnectionError, Pin, PinnedTransport
from baken.outside.purpose import Purpose, make_purpose
from baken.outside.remembering import NameMemory, SilentServers
from baken.outside.retry_after import read_retry_after
from baken.outside.targets import HTTPS_PORT, Network, Target, is_allowed, read_target, target_of
from baken.outside.turns import NoTurnError, Turns
from baken.outside.unpacking import ACCEPTED_ENCODING, read_body, too_large

MOST_REDIRECTS: Final = 5
MOST_ADDRESSES: Final = 3
"""So many addresses of one name are tried, as long as nobody answers."""

_LARGEST_HEADS: Final = 128 << 10
"""Bytes, for the head of an answer and for all 1xx heads before it."""
_UNASKED_PAUSE: Final = timedelta(minutes=5)
"""After a 429 that does not say how long: RFC 6585 leaves it to us."""
_SILENT_PAUSE: Final = timedelta(minutes=5)
"""After a server did not answer twice in a row: whoever waits for it keeps others waiting."""
_SILENT_TWICE: Final = 2
_SILENCE: Final = frozenset({FetchFailure.TOO_SLOW, FetchFailure.NOT_REACHED})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_TOO_MANY, _UNAVAILABLE = 429, 503
_UNREADABLE_HEAD = 431  # what h11 suggests to say when a head is too large


@dataclass(frozen=True, slots=True)
class WebLimits:
    """What the client allows itself and others."""

    further_networks: tuple[Network, ...] = ()
    """Networks that may be asked though they are not global: those of tests and of the demo."""
    port: int = HTTPS_PORT
    """Where all servers listen: another than 443 only in tests and in the demo."""
    at_once: int = 64
    at_once_per_host: int = 2
    seconds: float = 20.0
    """For everything from the first question to the last byte, all redirects together."""
    seconds_to_connect: float = 5.0
    seconds_of_silence: float = 10.0
    seconds_for_a_turn: float = 60.0
    """So long a request waits until others to its host are done."""
    seconds_of_memory: float = 300.0
    """So long at most it is remembered where a name leads, whatever the DNS permits."""


def make_trust(ca_file: Path | None = None) -> ssl.SSLContext:
    """The authorities of the system, and those in the PEM file `ca_file`, to be trusted.

    It takes some milliseconds and is made once. Raises ``OSError`` for a file that is none.
    """
    trust = ssl.create_default_context()
    trust.hostname_checks_common_name = False  # RFC 9525: only the names meant for it
    trust.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        trust.load_verify_locations(cafile=ca_file)
    return trust


@dataclass(slots=True)
class _Talk:
    """One call of `WebClient.get`, over all its redirects."""

    accept: str
    largest: int
    seconds_left: float
    before: list[str] = field(default_factory=list)


class WebClient:
    """Implements `fetching.Web`; made once, for any number of threads.

    `contact` is the page or the address that a server's owner finds in our User-Agent.
    """

    def __init__(
        self,
        dns: DnsClient,
        *,
        trust: ssl.SSLContext,
        contact: str,
        log: RequestLog,
        budgets: Budgets,
        limits: WebLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._dns = dns
        self._log = log
        self._budgets = budgets
        self._limits = limits or WebLimits()
        self._ports = frozenset({HTTPS_PORT, self._limits.port})
        self._clock = clock
        self._now = now
        self._purpose = Purpose()
        self._transport = PinnedTransport(trust, clock=clock)
        self._turns = Turns(in_all=self._limits.at_once, per_host=self._limits.at_once_per_host)
        self._memory = NameMemory(clock, most_seconds=self._limits.seconds_of_memory)
        self._silent = SilentServers()
        self._headers = {
            "user-agent": f"Baken/{version('baken')} (+{one_line(contact)})",
            "accept-encoding": ACCEPTED_ENCODING,
        }

    def because(
        self,
        why: str,
        *,
        pap: Pap = Pap.CLEAR,
        touch: Touch = Touch.SUBJECT,
        subjects: Collection[str] = (),
    ) -> WebClient:
        """The same client, which writes `why` down and asks only what `pap` permits.

        `touch` says who notices its questions; `subjects` are the affected names, addresses and
        networks, which count as touched wherever a third party sends us.
        """
        other = copy.copy(self)
        other._purpose = make_purpose(why, pap=pap, touch=touch, subjects=subjects)
        other._dns = self._dns.because(why, pap=pap, touch=touch, subjects=subjects)
        return other

    def close(self) -> None:
        """Close the connections that are kept for the next request."""
        self._transport.close()

    def get(self, url: str, *, accept: str = "*/*", largest: int = 1 << 20) -> Fetched:
        """What stands at `url`, as `fetching.Web` says; raises `FetchError` and nothing else."""
        talk = _Talk(accept, largest, self._limits.seconds)
        target = read_target(url, ports=self._ports)
        while True:
            came = self._ask(target, talk)
            if isinstance(came, Fetched):
                return came
            talk.before.append(str(target.url))
            if len(talk.before) > MOST_REDIRECTS:
                raise FetchError(
                    FetchFailure.TOO_MANY_REDIRECTS, f"{target.host} sends us on again and again."
                )
            target = came

    def _ask(self, target: Target, talk: _Talk) -> Fetched | Target:
        """The answer of one server, or where it sends us."""
        self._check_purpose(target.host)
        try:
            with self._turns.turn(target.host, seconds=self._limits.seconds_for_a_turn):
                begun = self._clock()
                try:
                    self._check_budget(target.host)
                    return self._try_addresses(target, talk)
                finally:
                    talk.seconds_left -= self._clock() - begun
        except NoTurnError:
            raise FetchError(
                FetchFailure.ASK_LATER,
                f"Other questions to {target.host} took too long.",
                again_at=self._now() + timedelta(seconds=self._limits.seconds_for_a_turn),
            ) from None

    def _check_purpose(self, server: str) -> None:
        if not self._purpose.permits(server):
            raise FetchError(
                FetchFailure.NOT_ALLOWED, f"{self._purpose.pap} does not permit to ask {server}."
            )

    def _check_budget(self, host: str) -> None:
        again_at = self._budgets.take(host, self._now())
        if again_at is not None:
            raise FetchError(
                FetchFailure.ASK_LATER, f"{host} is not to be asked now.", again_at=again_at
            )

    @contextmanager
    def _minding_silence(self, host: str) -> Iterator[None]:
        """Let `host` alone for a while once it was silent twice in the ``with`` block."""
        try:
            yield
        except FetchError as error:
            if error.failure not in _SILENCE:
                self._silent.forget(host)
            elif self._silent.count(host) >= _SILENT_TWICE:
                self._silent.forget(host)
                self._budgets.pause(host, self._now() + _SILENT_PAUSE)
            raise
        self._silent.forget(host)

    def _try_addresses(self, target: Target, talk: _Talk) -> Fetched | Target:
        give_up_at = self._clock() + talk.seconds_left
        addresses = self._addresses(target)
        with self._minding_silence(target.host):
            return self._ask_first_of(addresses, target, talk, give_up_at=give_up_at)

    def _ask_first_of(
        self, addresses: Sequence[str], target: Target, talk: _Talk, *, give_up_at: float
    ) -> Fetched | Target:
        for number, address in enumerate(addresses, start=1):
            pin = Pin(
                address,
                self._limits.port,
                give_up_at,
                self._limits.seconds_to_connect,
                self._limits.seconds_of_silence,
                most_bytes=_LARGEST_HEADS,
            )
            try:
                return self._written_down(target, talk, pin)
            except FetchError as error:
                is_silent = isinstance(error.__cause__, NoConnectionError)
                if not is_silent or number == len(addresses) or self._clock() >= give_up_at:
                    raise
        raise AssertionError("a name has an address")

    def _addresses(self, target: Target) -> tuple[str, ...]:
        """The addresses that may be asked. One that may not spoils the whole name.

        A name that leads to an inner address beside a global one is a trap or a mistake, and
        whoever set it decides which of them is asked next time.
        """
        if target.address is not None:
            addresses: tuple[str, ...] = (str(target.address),)
        else:
            addresses = self._memory.get(target.host) or self._looked_up(target.host)
        for address in addresses:
            if not is_allowed(ip_address(address), further=self._limits.further_networks):
                raise FetchError(
                    FetchFailure.NOT_ALLOWED,
                    f"{target.host} leads to {address}, which is not an address to ask.",
                )
            self._check_purpose(address)
        return addresses[:MOST_ADDRESSES]

    def _looked_up(self, host: str) -> tuple[str, ...]:
        found = self._dns.addresses([host])[host]
        if found.addresses:
            self._memory.put(host, found.addresses, seconds=found.seconds_valid)
            return found.addresses
        if found.answered is Answered.UNKNOWN:
            raise FetchError(FetchFailure.NOT_REACHED, f"The DNS does not say where {host} is.")
        raise FetchError(FetchFailure.NO_SUCH_NAME, f"{host} has no address.")

    def _written_down(self, target: Target, talk: _Talk, pin: Pin) -> Fetched | Target:
        asked_at, begun = self._now(), self._clock()
        outcome = str(FetchFailure.BAD_ANSWER)
        try:
            came = self._exchange(target, talk, pin)
            outcome = "answered" if isinstance(came, Fetched) else "redirected"
            return came
        except FetchError as error:
            outcome = str(error.failure)
            raise
        finally:
            self._log.record(
                Asked(
                    asked_at,
                    target.host,
                    str(target.url),
                    self._purpose.why,
                    outcome,
                    pin.bytes_received,
                    round((self._clock() - begun) * 1000),
                    pin.address,
                )
            )

    def _exchange(self, target: Target, talk: _Talk, pin: Pin) -> Fetched | Target:
        """Ask, and read the answer; every failure becomes a `FetchError`."""
        request = httpx2.Request(
            "GET",
            target.url,
            headers={**self._headers, "accept": talk.accept},
            extensions={PIN: pin},
        )
        try:
            response = self._transport.handle_request(request)
            # What counts is the body, checked as it comes; this ends what is not a body.
            pin.most_bytes += 2 * talk.largest
            try:
                return self._read(response, target, talk)
            finally:
                response.close()
        except FetchError:
            raise
        except (OSError, ValueError, httpcore2.ProtocolError) as error:
            raise _failure(error, pin, host=target.host) from error

    def _read(self, response: httpx2.Response, target: Target, talk: _Talk) -> Fetched | Target:
        self._mind_pause(response, target.host)
        location = response.headers.get("location")
        if response.status_code in _REDIRECTS and location is not None:
            return _followed(target, location, ports=self._ports)
        length = response.headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > talk.largest:
            raise too_large(target.host)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        body = read_body(
            response.stream,
            encoding=response.headers.get("content-encoding", ""),
            largest=talk.largest,
            host=target.host,
        )
        headers = {key: value for key, value in response.headers.items() if key != "set-cookie"}
        return Fetched(
            str(target.url),
            response.status_code,
            headers,
            body,
            response.extensions[ADDRESS],
            tuple(talk.before),
        )

    def _mind_pause(self, response: httpx2.Response, host: str) -> None:
        """Let a server alone that asks for it (RFC 6585, section 4; RFC 9110, 10.2.3)."""
        if response.status_code not in (_TOO_MANY, _UNAVAILABLE):
            return
        now = self._now()
        again_at = read_retry_after(response.headers.get("retry-after", ""), now=now)
        if again_at is None and response.status_code == _TOO_MANY:
            again_at = now + _UNASKED_PAUSE
        if again_at is not None:
            self._budgets.pause(host, again_at)
        raise FetchError(
            FetchFailure.ASK_LATER,
            f"{host} asks us to come back later ({response.status_code}).",
            again_at=again_at,
        )


def _followed(target: Target, location: str, *, ports: Collection[int]) -> Target:
    try:
        return target_of(target.url.join(location.strip()), ports=ports)
    except httpx2.InvalidURL:
        raise FetchError(
            FetchFailure.NOT_ALLOWED, f"{target.host} sends us on to no web address."
        ) from None
    except FetchError as error:
        raise FetchError(error.failure, f"{target.host} sends us on. {error}") from None


def _failure(error: Exception, pin: Pin, *, host: str) -> FetchError:
    """What `error` means, in the words of `FetchFailure`."""
    match error:
        case ssl.SSLCertVerificationError():
            return FetchError(
                FetchFailure.BAD_CERTIFICATE,
                f"The certificate of {host} is not valid: {one_line(error.verify_message)}.",
            )
        case TimeoutError():
            return FetchError(FetchFailure.TOO_SLOW, f"{host} did not answer in time.")
        case NoConnectionError(__cause__=TimeoutError()):
            return FetchError(FetchFailure.TOO_SLOW, f"Nobody took our call to {host} in time.")
        case NoConnectionError():
            return FetchError(FetchFailure.NOT_REACHED, f"Nobody answers at {host}.")
        case OSError():
            return FetchError(FetchFailure.NOT_REACHED, f"The connection to {host} broke off.")
        case httpcore2.RemoteProtocolError() if pin.is_ended:
            return FetchError(FetchFailure.NOT_REACHED, f"{host} broke off its answer.")
        case httpcore2.RemoteProtocolError() if _is_large_head(error):
            return FetchError(FetchFailure.TOO_LARGE, f"The head of the answer of {host} is large.")
        case httpcore2.LocalProtocolError():
            return FetchError(FetchFailure.NOT_ALLOWED, f"The question to {host} is no HTTP.")
        case _:
            return FetchError(FetchFailure.BAD_ANSWER, f"What {host} answered is no HTTP.")


def _is_large_head(error: BaseException) -> bool:
    hint = getattr(error.__cause__, "error_status_hint", None)
    return hint == _UNREADABLE_HEAD
