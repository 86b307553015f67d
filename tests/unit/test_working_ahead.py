"""Work ahead of the reader: in order, bounded, and over as soon as nobody asks any more."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from itertools import count

import pytest

from baken.pipeline.ahead import worked_ahead


class BrokenError(Exception):
    """What goes wrong here."""


def our_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("baken-")]


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    yield
    assert our_threads() == []


def test_results_come_in_order_although_the_first_takes_longest() -> None:
    others_done = threading.Barrier(2)

    def work(item: int) -> int:
        if item < 2:
            others_done.wait(timeout=30)  # neither goes on before both are being worked on
        return item * item

    assert list(worked_ahead(iter(range(100)), work, threads=2)) == [n * n for n in range(100)]


def test_nothing_gives_nothing() -> None:
    assert list(worked_ahead(iter([]), str, threads=2)) == []


def test_only_so_much_is_taken_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield number

    results = worked_ahead(items(), str, threads=2)
    for given in range(50):
        next(results)
        assert len(taken) <= given + 1 + 2
    results.close()


def test_nothing_is_taken_before_it_is_asked_for() -> None:
    def items() -> Iterator[int]:
        raise BrokenError
        yield

    worked_ahead(items(), str, threads=2)


def test_an_iterator_that_is_closed_ends_its_threads() -> None:
    results = worked_ahead(count(), str, threads=2)
    assert next(results) == "0"
    assert our_threads() != []

    results.close()

    assert our_threads() == []


def test_an_iterator_that_is_forgotten_ends_its_threads() -> None:
    results = worked_ahead(count(), str, threads=2)
    assert next(results) == "0"

    del results
    gc.collect()

    assert our_threads() == []


def test_what_the_work_raises_comes_in_its_turn() -> None:
    def work(item: int) -> int:
        if item == 3:
            raise BrokenError
        return item

    results = worked_ahead(count(), work, threads=2)

    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(BrokenError):
        next(results)


def test_what_the_items_raise_comes_in_its_turn() -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise BrokenError

    results = worked_ahead(items(), str, threads=2)

    assert [next(results) for _ in range(3)] == ["0", "1", "2"]
    with pytest.raises(BrokenError):
        next(results)


def test_an_interrupt_where_the_results_are_used_ends_the_threads() -> None:
    def use() -> None:
        for _ in worked_ahead(count(), str, threads=2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        use()
    gc.collect()

    assert our_threads() == []
