"""Does the domain take mail? The DNS is asked, and never a mail server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from baken.core.given_file import GivenFile
from baken.core.lookup import LookupAnswer, Outcome, Subject, SubjectKind, Turn
from baken.lookups.dns_replies import AT_ONCE, answer_without, holds_until, names_to_ask
from baken.lookups.kind import Lookup, LookupKind
from baken.lookups.mail_domains import MailDomain, mail_domains
from baken.outside import Outside


@dataclass(frozen=True, slots=True)
class MailExchangeLookup:
    """Asks the DNS for MX records, and for addresses where there are none."""

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """See `baken.lookups.kind.Lookup`."""
        replies = mail_domains(names_to_ask(subjects), dns=outside.dns)
        return [_answer(subject, replies.get(subject.value), now=now) for subject in subjects]


def _answer(subject: Subject, reply: MailDomain | None, *, now: datetime) -> LookupAnswer:
    answer = answer_without(KIND.key, subject, question=f"{subject} MX", reply=reply, now=now)
    if reply is None or reply.takes_mail is None:
        return answer
    if not reply.takes_mail and not reply.is_said:
        note = "It has no mail server, and no address that could be one."
        return replace(answer, takes_mail=False, note=note)
    note = ""
    if not reply.takes_mail:
        note = "It says that it takes no mail (null MX, RFC 7505)."
    elif not reply.is_said:
        note = "It has no MX record, so that its own address takes mail (RFC 5321)."
    held = holds_until(reply, now=now)
    return replace(
        answer, outcome=Outcome.FOUND, takes_mail=reply.takes_mail, valid_until=held, note=note
    )


def _open(files: Sequence[GivenFile]) -> Lookup:
    del files  # it reads none
    return MailExchangeLookup()


KIND: Final = LookupKind(
    key="mail-exchange",
    asks_about=SubjectKind.DOMAIN,
    open=_open,
    turn=Turn.JUDGED,
    judges_mail=True,
    at_once=AT_ONCE,
)
