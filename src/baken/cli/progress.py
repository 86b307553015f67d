"""Progress on long work: a bar with rows per second, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """A function to call with how many of `what` are done so far."""
    with _bar() as bar:
        task = bar.add_task(what, total=None)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def counting_of(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to call with how many of `what` are done so far, and of how many."""
    with _bar() as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _bar() -> Progress:
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TextColumn("{task.completed:,}"),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
