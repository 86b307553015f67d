"""Composing in a process of its own: the same messages, and it ends with who asked."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from baken.channels import Carries, Message
from baken.core.errors import About, ChannelError
from baken.outbox import composing
from baken.outbox.composing import Composer, composed
from baken.outbox.wording import EVERYTHING
from golden_warnings import SENDER, WARNINGS

LONG_RUN = composing._WORTH_A_PROCESS + 1
MANY = [one for _, one in zip(range(LONG_RUN), list(WARNINGS.values()) * LONG_RUN, strict=False)]
NARROW = Carries(encryption=False, attachments=False, longest_text=40)


@pytest.fixture
def composer() -> Iterator[Composer]:
    one = Composer(sender=SENDER, carries=EVERYTHING)
    yield one
    one.close()


def process_of(composer: Composer) -> subprocess.Popen[bytes]:
    assert composer._process is not None
    return composer._process


def test_a_long_run_is_composed_in_a_process_that_says_the_same(composer: Composer) -> None:
    answers = composer.compose_all(MANY)
    assert process_of(composer).poll() is None
    assert answers == [composed(one, sender=SENDER, carries=EVERYTHING) for one in MANY]


def test_a_short_run_starts_no_process(composer: Composer) -> None:
    assert all(isinstance(one, Message) for one in composer.compose_all(MANY[:10]))
    assert composer._process is None


def test_why_one_cannot_be_put_into_words_is_told_as_without_a_process() -> None:
    composer = Composer(sender=SENDER, carries=NARROW)
    try:
        answers = composer.compose_all(MANY)
        assert process_of(composer).poll() is None
    finally:
        composer.close()
    assert {(type(one), one.about) for one in answers if isinstance(one, ChannelError)} == {
        (ChannelError, About.MESSAGE)
    }
    assert len(answers) == len(MANY)


def test_a_fault_of_ours_holds_up_one_and_no_other(composer: Composer) -> None:
    broken = replace(MANY[0], systems=[])
    *others, last = composer.compose_all([*MANY, broken])
    assert all(isinstance(one, Message) for one in others)
    assert isinstance(last, ChannelError)
    assert last.about == About.US


def test_when_the_process_is_killed_the_rest_is_composed_here(composer: Composer) -> None:
    composer.compose_all(MANY)
    process = process_of(composer)
    process.kill()
    process.wait(10)
    for _ in range(2):
        assert composer.compose_all(MANY[:3]) == [
            composed(one, sender=SENDER, carries=EVERYTHING) for one in MANY[:3]
        ]


def test_it_ends_when_it_is_closed(composer: Composer) -> None:
    composer.compose_all(MANY)
    process = process_of(composer)
    composer.close()
    assert process.returncode == 0


def test_it_ends_when_the_one_that_asks_is_killed(tmp_path: Path) -> None:
    (tmp_path / "asked").write_bytes(pickle.dumps((SENDER, EVERYTHING, MANY)))
    script = (
        "import pickle, sys, time\n"
        "from baken.outbox.composing import Composer\n"
        "sender, carries, warnings = pickle.load(open(sys.argv[1], 'rb'))\n"
        "composer = Composer(sender=sender, carries=carries)\n"
        "composer.compose_all(warnings)\n"
        "print(composer._process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    asking = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "asked")], stdout=subprocess.PIPE
    )
    assert asking.stdout is not None
    number = int(asking.stdout.readline())
    os.kill(number, signal.SIGINT)  # Ctrl-C reaches both, and is not for this one
    assert is_running(number)
    asking.kill()
    asking.communicate()
    ends_by = time.monotonic() + 20
    while is_running(number) and time.monotonic() < ends_by:
        time.sleep(0.05)
    assert not is_running(number)


def is_running(number: int) -> bool:
    """Whether there is such a process, and it is not merely waiting to be buried."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
