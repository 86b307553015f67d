"""What is freed is kept: seen by how often a process has to ask the system for a page."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_PAGES_ASKED_FOR = """
import resource, sys
import pyarrow as pa
from baken.pipeline.memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
def use():
    a, b = b"x" * 2**24, b"y" * 2**24
    c = pa.allocate_buffer(2**24)
    del a, b, c
use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(40):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_what_is_freed_serves_again() -> None:
    def pages(how: str) -> int:
        command = [sys.executable, "-c", _PAGES_ASKED_FOR, how]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert pages("keep") * 10 < pages("let go")
