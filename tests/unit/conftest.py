"""What several of the unit tests begin with."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from baken.outside import Outside
from baken.outside.dns import DnsClient
from baken.outside.fetching import Fetched
from shadowserver_reports import Read, read_report
from whois_peer import nobody_to_ask


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read `text` as the Shadowserver report file `name`."""
    return partial(read_report, tmp_path)


class _NoWeb:
    """Fails the test that asks it anything."""

    def get(self, url: str, *, accept: str = "*/*", largest: int = 0) -> Fetched:
        pytest.fail(f"{url} was asked: {accept}, {largest}")


@pytest.fixture
def nobody_outside() -> Outside:
    """Clients for what asks nobody outside."""
    return Outside(_NoWeb(), DnsClient([]), nobody_to_ask())
