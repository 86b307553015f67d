"""A sender in a process of its own that is killed at a chosen moment of one of its deliveries."""

from __future__ import annotations

import os
import random
import signal

import django

django.setup()

from baken.bench.send import fill_database  # noqa: E402 - Django comes first
from baken.channels import Message, Receipt  # noqa: E402
from baken.channels.mail import SmtpChannel  # noqa: E402
from baken.jobs.sending import deliver, plan  # noqa: E402
from baken.settings.environment import read_settings  # noqa: E402


def plan_warnings(mails: int) -> None:
    """Plan so many warnings, each to an organisation of its own."""
    fill_database(mails)
    plan(settings=read_settings(os.environ))


def send(seed: int, chance: float) -> None:
    """Send what waits. At each mail the process dies with `chance`: between the commit of its
    intention and the network, or between the server's answer and the commit of that."""
    dice = random.Random(seed)
    hand_over = SmtpChannel.send

    def hand_over_or_die(channel: SmtpChannel, message: Message) -> Receipt:
        if dice.random() < chance / 2:
            os.kill(os.getpid(), signal.SIGKILL)
        receipt = hand_over(channel, message)
        if dice.random() < chance / 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return receipt

    SmtpChannel.send = hand_over_or_die  # type: ignore[method-assign] # in this process only
    deliver(settings=read_settings(os.environ), progress=lambda _: None)
