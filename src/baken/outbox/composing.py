"""Composes messages in a process of its own, beside the one that sends; ends with it.

Python runs one thread at a time, and to compose thousands of messages takes as long as to send
them. The process is asked over its standard input and answers on its standard output, so it ends
when the one that started it does, in whatever way.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import IO, Final

import structlog

from baken.channels import Carries, Message
from baken.core.errors import About, ChannelError
from baken.outbox.wording import MessageFacts, Sender, compose

Composed = Message | ChannelError
"""A message, or why there is none."""

_WORTH_A_PROCESS: Final = 192
"""So many messages in a run, and starting another process pays."""
_SECONDS_TO_END: Final = 10.0

_log = structlog.get_logger()


def composed(warning: MessageFacts, *, sender: Sender, carries: Carries) -> Composed:
    """`warning` in words, or why it cannot be put into words; never raises."""
    try:
        return compose(warning, sender, carries=carries)
    except ChannelError as error:  # it cannot be made to fit the channel
        return error
    except Exception as error:  # a fault of ours: it holds up this one, and no other
        _log.exception("not_composed", notification=warning.reference)
        return ChannelError(
            f"The warning could not be put into words: {error!r}.", about=About.US, permanent=False
        )


class Composer:
    """Composes what it is given: here at first, and in a process of its own in a long run.

    When the process fails, the rest is composed here. `close` ends it.
    """

    def __init__(self, *, sender: Sender, carries: Carries) -> None:
        self._sender = sender
        self._carries = carries
        self._count = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._is_lost = False

    def compose_all(self, warnings: Sequence[MessageFacts]) -> list[Composed]:
        """Each of `warnings` in words, or why not, in their order."""
        self._count += len(warnings)
        answers = self._from_process(warnings) if self._count > _WORTH_A_PROCESS else []
        answers = answers or [None] * len(warnings)
        return [
            answer or composed(warning, sender=self._sender, carries=self._carries)
            for warning, answer in zip(warnings, answers, strict=True)
        ]

    def _from_process(self, warnings: Sequence[MessageFacts]) -> list[Composed | None]:
        if self._is_lost:
            return []
        try:
            process = self._process or self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            _write(process.stdin, warnings)
            answers: list[Composed | None] = pickle.load(process.stdout)  # noqa: S301 - our own
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            _log.warning("composer.lost", error=repr(error))
            self._is_lost = True
            self.close()
            return []
        return answers

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        _write(self._process.stdin, (self._sender, self._carries))
        return self._process

    def close(self) -> None:
        """Ends the process, where there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            with contextlib.suppress(OSError):
                process.communicate(timeout=_SECONDS_TO_END)  # closes its input, which ends it
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _write(stream: IO[bytes], value: object) -> None:
    stream.write(pickle.dumps(value))
    stream.flush()


def serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    """Answer each list of warnings with a list of messages, until nothing more is asked.

    None stands for what failed: the one that asks tries it again, and says what is wrong.
    """
    sender, carries = pickle.load(asked)  # noqa: S301 - from the process that started this one
    while True:
        try:
            warnings = pickle.load(asked)  # noqa: S301
        except EOFError:
            return
        _write(answers, [_message_or_none(one, sender, carries) for one in warnings])


def _message_or_none(warning: MessageFacts, sender: Sender, carries: Carries) -> Message | None:
    try:
        return compose(warning, sender, carries=carries)
    except Exception:
        return None


def main() -> None:
    """Serve over the standard streams; what anything prints goes to the standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that sends
    with os.fdopen(os.dup(1), "wb") as answers, contextlib.suppress(BrokenPipeError):
        os.dup2(2, 1)
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
