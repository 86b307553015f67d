"""The other end of the made-up channel: letter boxes behind one HTTP server on loopback."""

from __future__ import annotations

import base64
import json
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class LetterBoxes:
    """Takes letters for as long as the ``with`` block lasts, and answers as it is told to."""

    def __init__(self) -> None:
        self.answers: dict[str, list[int]] = defaultdict(list)
        """By path, what the next posts are answered; 0 hangs up, none is 201."""
        self.letters: list[tuple[str, str, str]] = []
        """What was taken: path, id and text."""
        boxes = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = boxes.answers[self.path].pop(0) if boxes.answers[self.path] else 201
                if status in (0, 201):
                    letter = base64.b64decode(body["letter"]).decode()
                    boxes.letters.append((self.path, body["id"], letter))
                if status:
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(f"answer of http://{self.headers['Host']}{self.path}".encode())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
