"""What each refusal of a mail server is about, and whether trying again is of use."""

from __future__ import annotations

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
        (Step.RCPT_TO, "450 4.2.1 try later", MAILBOX, False),
        (Step.RCPT_TO, "452 4.2.2 mailbox full", MAILBOX, False),
        (Step.RCPT_TO, "552 5.2.2 mailbox full", MAILBOX, True),
        (Step.RCPT_TO, "552 mailbox full", MAILBOX, True),
        (Step.RCPT_TO, "550 5.2.1 mailbox disabled", MAILBOX, True),
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
        (Step.END_OF_MAIL, "552 storage exceeded", MAILBOX, True),
        (Step.END_OF_MAIL, "552 5.2.2 mailbox full", MAILBOX, True),
        (Step.END_OF_MAIL, "550 5.1.1 no such mailbox after all", ADDRESS, True),
        (Step.END_OF_MAIL, "554 5.7.1 content refused", MESSAGE, True),
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
