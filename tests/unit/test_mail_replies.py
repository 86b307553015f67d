"""What each refusal of a mail server is about, and whether trying again is of use."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baken.channels.mail.replies import Refusal, Step, refusal_of
from baken.core.errors import About

ADDRESS, MAILBOX, MESSAGE, US = About.ADDRESS, About.MAILBOX, About.MESSAGE, About.US


@pytest.mark.parametrize(
    ("step", "reply", "about", "permanent"),
    [
        (Step.MAIL_FROM, "451 4.3.0 later", US, False),
        (Step.MAIL_FROM, "550 5.1.8 sender unknown", US, False),
        (Step.MAIL_FROM, "552 5.2.2 full", US, False),
        (Step.RCPT_TO, "550 5.1.1 no such mailbox", ADDRESS, True),
        (Step.RCPT_TO, "550 no such user", ADDRESS, True),
        (Step.RCPT_TO, "553 5.1.3 bad address", ADDRESS, True),
        (Step.RCPT_TO, "501 5.1.3 bad address syntax", ADDRESS, True),
        (Step.RCPT_TO, "551 not here", ADDRESS, True),
        (Step.RCPT_TO, "450 try later", ADDRESS, False),
        (Step.RCPT_TO, "451 4.7.1 greylisted", ADDRESS, False),
        (Step.RCPT_TO, "450 4.2.1 try later", ADDRESS, False),
        (Step.RCPT_TO, "452 4.2.2 mailbox full", MAILBOX, False),
        (Step.RCPT_TO, "452 mailbox full, try again later", MAILBOX, False),
        (Step.RCPT_TO, "452 too many recipients", ADDRESS, False),
        (Step.RCPT_TO, "552 5.2.2 mailbox full", MAILBOX, False),
        (Step.RCPT_TO, "552 mailbox full", MAILBOX, False),
        (Step.RCPT_TO, "552 no", MAILBOX, False),
        (Step.RCPT_TO, "550 over quota", MAILBOX, False),
        (Step.RCPT_TO, "550 5.1.1 mailbox is full, try again later", MAILBOX, False),
        (Step.RCPT_TO, "552 message size exceeds fixed limit", MESSAGE, True),
        (Step.RCPT_TO, "550 5.2.1 mailbox disabled", ADDRESS, True),
        (Step.RCPT_TO, "550 5.2.1 receiving mail at a rate that prevents more", US, False),
        (Step.RCPT_TO, "550 5.2.3 message length exceeds limit", MESSAGE, True),
        (Step.RCPT_TO, "550 5.1.2 bad destination system", ADDRESS, True),
        (Step.RCPT_TO, "550 5.1.6 moved", ADDRESS, True),
        (Step.RCPT_TO, "556 5.1.10 null MX", ADDRESS, True),
        (Step.RCPT_TO, "550 5.1.7 sender syntax", US, False),
        (Step.RCPT_TO, "550 5.1.8 Sender address rejected: Domain not found", US, False),
        (Step.RCPT_TO, "550 5.1.9 not a conforming mailer", US, False),
        (Step.RCPT_TO, "550 5.1.0 no such user", ADDRESS, True),
        (Step.RCPT_TO, "550 5.1.0 sender rejected", US, False),
        (Step.RCPT_TO, "550 5.1.0 no", US, False),
        (Step.RCPT_TO, "550 5.1.1 <spam@x.example>: user unknown, see https://relay.example/spam",
         ADDRESS, True),
        (Step.RCPT_TO, "550 5.1.1 blocked using a block list", US, False),
        (Step.RCPT_TO, "550 5.1.1 temporarily locked", US, False),
        (Step.RCPT_TO, "550 4.1.1 user unknown", ADDRESS, False),
        (Step.RCPT_TO, "550 5.4.1 Recipient address rejected: Access denied", ADDRESS, True),
        (Step.RCPT_TO, "550 5.4.4 unable to route", US, False),
        (Step.RCPT_TO, "550 5.4.5 Daily sending quota exceeded", US, False),
        (Step.RCPT_TO, "550 Daily sending quota exceeded", US, False),
        (Step.RCPT_TO, "501 5.5.2 Helo command rejected: invalid name", US, False),
        (Step.RCPT_TO, "501 no such user", US, False),
        (Step.RCPT_TO, "554 no such user", US, False),
        (Step.RCPT_TO, "550 relay not permitted", US, False),
        (Step.RCPT_TO, "550 no", US, False),
        (Step.RCPT_TO, "550 Unknown sender", US, False),
        (Step.RCPT_TO, "550 greylisted, user unknown yet", US, False),
        (Step.RCPT_TO, "550 User unknown in relay recipient table", ADDRESS, True),
        (Step.RCPT_TO, "550 Recipient does\n5.0.0 not exist", ADDRESS, True),
        (Step.RCPT_TO, "550 Gebruiker onbekend", ADDRESS, True),
        (Step.RCPT_TO, "550 Empfänger unbekannt", ADDRESS, True),
        (Step.RCPT_TO, "553 sorry, no mailbox here by that name. (#5.1.1)", ADDRESS, True),
        (Step.RCPT_TO, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", US,
         False),
        (Step.RCPT_TO, "553 sorry, no mailbox here by that name. (#5.7.1)", US, False),
        (Step.RCPT_TO, "550 5.7.1 no such user", US, False),
        (Step.RCPT_TO, "552 5.3.4 too large for this mailbox", MESSAGE, True),
        (Step.RCPT_TO, "554 5.7.1 relay access denied", US, False),
        (Step.RCPT_TO, "550 5.7.27 no SPF", US, False),
        (Step.RCPT_TO, "421 4.3.2 going down", US, False),
        (Step.RCPT_TO, "503 5.5.1 wrong order", US, False),
        (Step.RCPT_TO, "530 5.7.0 authentication required", US, False),
        (Step.DATA, "451 4.3.0 later", US, False),
        (Step.DATA, "501 5.5.4 no arguments", US, False),
        (Step.DATA, "554 5.6.0 no valid recipients", MESSAGE, True),
        (Step.DATA, "554 no", MESSAGE, True),
        (Step.DATA, "250 what?", US, False),
        (Step.END_OF_MAIL, "552 5.3.4 too large", MESSAGE, True),
        (Step.END_OF_MAIL, "552 storage exceeded", MAILBOX, False),
        (Step.END_OF_MAIL, "552 5.2.2 mailbox full", MAILBOX, False),
        (Step.END_OF_MAIL, "550 no such user", MESSAGE, True),
        (Step.END_OF_MAIL, "554 looks like spam", US, False),
        (Step.END_OF_MAIL, "550 5.1.1 no such mailbox after all", ADDRESS, True),
        (Step.END_OF_MAIL, "554 5.7.1 content refused", US, False),
        (Step.END_OF_MAIL, "550 5.6.1 media not supported", MESSAGE, True),
        (Step.END_OF_MAIL, "554 no", MESSAGE, True),
        (Step.END_OF_MAIL, "451 4.7.1 greylisted", MESSAGE, False),
        (Step.END_OF_MAIL, "452 4.3.1 no room on the disk", US, False),
        (Step.END_OF_MAIL, "421 4.3.2 going down", US, False),
    ],
    ids=str,
)  # fmt: skip
def test_a_refusal_means(step: Step, reply: str, about: About, permanent: bool) -> None:
    code, _, text = reply.partition(" ")
    assert refusal_of(int(code), text.encode(), step=step) == Refusal(about, permanent)


@given(code=st.integers(-1, 999), text=st.binary(max_size=30), step=st.sampled_from(Step))
def test_what_is_about_us_writes_nobody_off(code: int, text: bytes, step: Step) -> None:
    refusal = refusal_of(code, text, step=step)
    assert not (refusal.permanent and (refusal.about is About.US or not 500 <= code < 600))


WRITES_OFF = Refusal(ADDRESS, permanent=True)


@given(detail=st.integers(0, 999), code=st.integers(400, 599), step=st.sampled_from(Step))
def test_policy_routing_and_protocol_write_nobody_off(detail: int, code: int, step: Step) -> None:
    for subject in (6, 7):
        text = f"5.{subject}.{detail} user unknown".encode()
        assert refusal_of(code, text, step=step) != WRITES_OFF


@given(
    code=st.sampled_from([550, 551, 553]),
    words=st.sampled_from(["user unknown", "5.1.1 user unknown", "5.1.0 user unknown"]),
    ours=st.sampled_from(
        ["relay not permitted", "sender rejected", "poor reputation", "try later"]
    ),
)
def test_words_that_contradict_write_nobody_off(code: int, words: str, ours: str) -> None:
    text = f"{words}, {ours}".encode()
    assert refusal_of(code, text, step=Step.RCPT_TO) != WRITES_OFF


@pytest.mark.parametrize("filling", [b"x", b"<", b"@", b"\n"])
def test_a_reply_without_an_end_is_judged_at_once(filling: bytes) -> None:
    begin = time.monotonic()
    text = b"5.1.1 user unknown " + filling * 1_000_000
    assert refusal_of(550, text, step=Step.RCPT_TO) == Refusal(About.ADDRESS, permanent=True)
    text = b"sorry, no mailbox here " + filling * 1_000_000 + b" (#5.1.1)"
    assert refusal_of(550, text, step=Step.RCPT_TO) == Refusal(About.ADDRESS, permanent=True)
    assert time.monotonic() - begin < 5
