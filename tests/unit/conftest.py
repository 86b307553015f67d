"""What several of the unit tests begin with."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from shadowserver_reports import Read, read_report


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read `text` as the Shadowserver report file `name`."""
    return partial(read_report, tmp_path)
