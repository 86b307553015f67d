"""People on the internet who ask for the public pages."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

HOST = "check.example.nl"


@dataclass(frozen=True)
class Answered:
    """What the server answered."""

    status: int
    headers: http.client.HTTPMessage
    body: str


@dataclass(frozen=True)
class Visitor:
    """Somebody on the internet with an address of their own, as the reverse proxy names it."""

    port: int
    address: str

    def get(self, path: str, *, host: str = HOST, **headers: str) -> Answered:
        """What stands at `path`."""
        return self.ask("GET", path, host=host, **headers)

    def post(self, path: str, *, host: str = HOST, **fields: str) -> Answered:
        """What comes of sending a form with `fields` to `path`."""
        return self.ask("POST", path, host=host, body=urlencode(fields))

    def ask(
        self,
        method: str,
        path: str,
        *,
        host: str = HOST,
        body: str | bytes = "",
        content_type: str = "application/x-www-form-urlencoded",
        **headers: str,
    ) -> Answered:
        """One request, and what came of it; `accept_language` is a header's name here."""
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"Host": host, "X-Forwarded-For": self.address, "X-Forwarded-Proto": "https"}
        if method == "POST":
            sent["Content-Type"] = content_type
        try:
            asked.request(method, path, body=body or None, headers=sent)
            answer = asked.getresponse()
            return Answered(answer.status, answer.headers, answer.read().decode())
        finally:
            asked.close()


NewVisitor = Callable[[], Visitor]
