"""A client for the web of which every host is one peer on loopback."""

from __future__ import annotations

import ssl
from types import TracebackType
from typing import Final, Self
from urllib.parse import urljoin

import httpx2

from baken.outside.fetching import Fetched, FetchError, FetchFailure

_MOST_REDIRECTS: Final = 5


class PeerWeb:
    """Asks the peer at `server` for every URL, by the host name that stands in it."""

    def __init__(
        self, server: tuple[str, int], *, trusting: ssl.SSLContext, seconds_a_question: float
    ) -> None:
        self._address, self._port = server
        self._client = httpx2.Client(
            verify=trusting, timeout=seconds_a_question, trust_env=False, follow_redirects=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, url: str, *, accept: str = "*/*", largest: int = 1 << 20) -> Fetched:
        """What stands at `url`, as `baken.outside.fetching.Web` says."""
        asked = [url]
        while True:
            fetched = self._get_once(asked[-1], accept=accept, largest=largest, before=asked[:-1])
            where = fetched.headers.get("location", "")
            if not 300 <= fetched.status < 400 or not where:
                return fetched
            if len(asked) > _MOST_REDIRECTS:
                raise FetchError(FetchFailure.TOO_MANY_REDIRECTS, f"{url} leads on and on.")
            asked.append(urljoin(asked[-1], where))

    def _get_once(self, url: str, *, accept: str, largest: int, before: list[str]) -> Fetched:
        try:
            wanted = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise FetchError(FetchFailure.NOT_ALLOWED, "That is no URL.") from error
        host = wanted.host
        if wanted.scheme != "https" or not host:
            raise FetchError(FetchFailure.NOT_ALLOWED, f"{host} is not asked: not https.")
        try:
            with self._client.stream(
                "GET",
                wanted.copy_with(host=self._address, port=self._port),
                headers={"host": host, "accept": accept},
                extensions={"sni_hostname": host},
            ) as response:
                body = b""
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > largest:
                        raise FetchError(FetchFailure.TOO_LARGE, f"{host} sends too much.")
        except httpx2.TimeoutException as error:
            raise FetchError(FetchFailure.TOO_SLOW, f"{host} did not answer in time.") from error
        except httpx2.HTTPError as error:
            raise FetchError(FetchFailure.NOT_REACHED, f"{host} was not reached.") from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Fetched(
            url, response.status_code, headers, body, self._address, redirects=tuple(before)
        )
