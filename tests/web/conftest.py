"""Fixtures of the tests of the public pages: served by `baken web`, asked over real HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext
from screens import Screen
from visitors import HOST, NewVisitor, Visitor

from baken.settings.environment import Settings, read_settings

CHROMIUM = Path("/usr/bin/chromium")
BAKEN = Path(sys.executable).parent / "baken"
_visitors = count(1)
_PATIENCE_SECONDS = 30


@pytest.fixture(scope="session")
def pages_port(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of `baken web`, which works on the database of the tests."""
    del django_db_setup
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    server = urlsplit(os.environ["BAKEN_DATABASE_URL"])
    log = tmp_path_factory.mktemp("web") / "log"
    environment = {
        **os.environ,
        "BAKEN_HOME": str(log.parent),
        "BAKEN_DATABASE_URL": urlunsplit(
            server._replace(path=f"/{connection.settings_dict['NAME']}")
        ),
        "BAKEN_PUBLIC_URL": f"https://{HOST}",
        "BAKEN_PUBLIC_LISTEN": f"127.0.0.1:{port}",
        "BAKEN_MAIL_CONTACT_LINE": "+31 70 000 0000",
    }
    with (
        log.open("w") as told,
        subprocess.Popen([BAKEN, "web"], env=environment, stdout=told, stderr=told) as running,
    ):
        try:
            _wait_for(port, running, log)
            yield port
        finally:
            running.terminate()
            ended = running.wait(timeout=_PATIENCE_SECONDS)
    assert ended == 0, log.read_text()
    assert log.read_text().count("\n") == 1, "it says where it serves, and logs no visit"


def _wait_for(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up_at and running.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"baken web does not answer: {log.read_text()}")


@pytest.fixture
def visitor(pages_port: int) -> Visitor:
    """Somebody who was not here before."""
    return _somebody(pages_port)


@pytest.fixture
def new_visitor(pages_port: int) -> NewVisitor:
    """Makes others, each of whom was not here before."""
    return lambda: _somebody(pages_port)


def _somebody(port: int) -> Visitor:
    number = next(_visitors)
    return Visitor(port, f"2001:db8:{number:x}::1")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, which finds our server under its public name."""
    if not CHROMIUM.exists():
        pytest.skip(f"Debian's Chromium is not installed: {CHROMIUM}")
    # Playwright keeps a loop in this thread, which makes Django think that it is called from one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"
    arguments = ["--no-sandbox", f"--host-resolver-rules=MAP {HOST} 127.0.0.1"]
    return {**browser_type_launch_args, "executable_path": str(CHROMIUM), "args": arguments}


@pytest.fixture(params=[320, 1440], ids=["narrow", "wide"])
def screen(
    request: pytest.FixtureRequest, new_context: Callable[..., BrowserContext], pages_port: int
) -> Screen:
    """A browser on a telephone or a large screen."""
    context = new_context(
        viewport={"width": request.param, "height": 900},
        base_url=f"http://{HOST}:{pages_port}",
        extra_http_headers={"X-Forwarded-For": _somebody(pages_port).address},
        locale="nl-NL",
    )
    return Screen(context.new_page(), request.param)


@pytest.fixture
def settings_of_test(tmp_path: Path) -> Settings:
    """Settings with a home of their own."""
    return read_settings(
        {"BAKEN_HOME": str(tmp_path / "home"), "BAKEN_ALLOW_DOCUMENTATION_RANGES": "yes"}
    )
