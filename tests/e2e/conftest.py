"""Processes to be killed: forked from a server that has loaded what they need."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

import pytest


@pytest.fixture
def processes() -> Iterator[ForkServerContext]:
    """Where to start processes; name what to load before the first.

    The environment is the one at the start of the first process. Python has one fork server for
    all, and without an end it would give the next test this one's environment.
    """
    yield multiprocessing.get_context("forkserver")
    forkserver._forkserver._stop()  # type: ignore[attr-defined] # no public way
