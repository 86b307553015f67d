"""Lets few requests at once go to one host, and a fixed number go out in all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class NoTurnError(Exception):
    """The time to wait was over."""


@dataclass(slots=True)
class _Queue:
    """The turns of one host, and how many hold or await one."""

    turns: threading.Semaphore
    in_it: int = 0


class Turns:
    """Turns for any number of threads; a host that nobody asks takes no memory."""

    def __init__(self, *, in_all: int, per_host: int) -> None:
        self._in_all = threading.Semaphore(in_all)
        self._per_host = per_host
        self._queues: dict[str, _Queue] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, host: str, *, seconds: float) -> Iterator[None]:
        """A turn at `host` for the ``with`` block; `NoTurnError` after waiting for `seconds`.

        Whoever waits for a host takes no turn from other hosts.
        """
        queue = self._join(host)
        try:
            with _held(queue.turns, seconds=seconds), _held(self._in_all, seconds=seconds):
                yield
        finally:
            self._leave(host, queue)

    def _join(self, host: str) -> _Queue:
        with self._lock:
            queue = self._queues.get(host)
            if queue is None:
                queue = self._queues[host] = _Queue(threading.Semaphore(self._per_host))
            queue.in_it += 1
            return queue

    def _leave(self, host: str, queue: _Queue) -> None:
        with self._lock:
            queue.in_it -= 1
            if not queue.in_it:
                del self._queues[host]


@contextmanager
def _held(turns: threading.Semaphore, *, seconds: float) -> Iterator[None]:
    if not turns.acquire(timeout=seconds):
        raise NoTurnError
    try:
        yield
    finally:
        turns.release()
