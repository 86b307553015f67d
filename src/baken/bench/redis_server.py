"""A Redis server of our own on a Unix socket, for as long as a measurement takes."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from baken.bench.peer_room import PeerLeftOutError, ordinary_user

_START_SECONDS: Final = 20


class Redis:
    """One connection, one question at a time (RESP 2)."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._answers: BinaryIO = self._socket.makefile("rb")

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._socket.close()

    def number(self, *command: str) -> int:
        """The answer to a command that counts."""
        return int(self.text(*command))

    def text(self, *command: str) -> str:
        """The answer to a command that says one thing; raises ConnectionError when it refuses."""
        parts = "".join(f"${len(part.encode())}\r\n{part}\r\n" for part in command)
        self._socket.sendall(f"*{len(command)}\r\n{parts}".encode())
        line = self._answers.readline().decode().strip()
        if not line or line[0] == "-":
            raise ConnectionError(f"Redis refused {command[0]}: {line[1:] or 'no answer'}")
        if line[0] == "$":
            return self._answers.read(int(line[1:]) + 2)[:-2].decode()
        return line[1:]


@contextmanager
def running_redis(program: Path, *, folder: Path, database: int) -> Iterator[Redis]:
    """A server in `folder`, its socket at ``redis.sock``; ended with the block.

    It keeps nothing on disk and listens on no port. Raises PeerLeftOutError when it does not start.
    """
    path = folder / "redis.sock"
    settings = {"port": "0", "unixsocket": path, "save": "", "appendonly": "no", "dir": folder}
    command = [str(program)]
    for name, value in settings.items():
        command += [f"--{name}", str(value)]
    with (folder / "redis.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **ordinary_user())
    try:
        redis = _connected(path, server)
        try:
            redis.text("SELECT", str(database))
            yield redis
        finally:
            redis.close()
    finally:
        server.terminate()
        server.wait()


def _connected(path: Path, server: subprocess.Popen[bytes]) -> Redis:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            return Redis(path)
        except OSError:
            time.sleep(0.05)
    raise PeerLeftOutError("its Redis server does not start")
