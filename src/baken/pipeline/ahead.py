"""Work done a few items ahead of the one asked for, in threads; the results come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def worked_ahead(
    items: Iterator[Item], work: Callable[[Item], Result], *, threads: int
) -> Generator[Result, None, None]:
    """What `work` makes of each of `items`, in their order.

    One more thread takes from `items`. At most ``threads + 1`` items are taken and not yet given,
    so what is in memory does not grow with what is to come. No thread ever waits for the caller:
    when the iterator is closed, or forgotten, each ends what it is at, and that is all. What
    `items` or `work` raises comes in its turn, after the results before it.
    """

    def worked(taken: Future[Item | None]) -> Result | None:
        item = taken.result()
        return None if item is None else work(item)

    ahead: deque[Future[Result | None]] = deque()
    with _threads(1, name="taking") as taking, _threads(threads, name="working") as working:
        while True:
            while len(ahead) <= threads:
                ahead.append(working.submit(worked, taking.submit(next, items, None)))
            result = ahead.popleft().result()
            if result is None:
                return
            yield result
            del result  # it must not stay in memory while the next one is waited for


@contextmanager
def _threads(count: int, *, name: str) -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(count, thread_name_prefix=f"baken-{name}")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
