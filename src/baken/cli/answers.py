"""``baken answers``: what recipients answered on the public pages."""

from __future__ import annotations

from typing import Annotated

import typer

from baken.cli.output import say, say_json
from baken.cli.session import begin_reading


def answers(
    at_most: Annotated[
        int, typer.Option("--at-most", min=1, help="How many, the newest first.")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List what recipients answered by the link in a message, the newest first.

    Of one message the newest answer counts. The text is from outside: check what it asks for.
    """
    begin_reading()
    from baken.core.text import one_line
    from baken.responses.selectors import newest_answers

    found = newest_answers(at_most=at_most)
    if as_json:
        say_json(
            {
                "answers": [
                    {
                        "code": one.notification.code,
                        "organisation": one.notification.organisation.name,
                        "answer": one.kind,
                        "text": one.text,
                        "answered_at": one.answered_at,
                    }
                    for one in found
                ]
            }
        )
        return
    for one in found:
        organisation = one_line(one.notification.organisation.name)
        when, code = f"{one.answered_at:%Y-%m-%d %H:%M}", one.notification.code
        say(f"{when}  {code}  {one.kind}  {organisation}")
        if one.text:
            say(f"    “{one_line(one.text)}”")
    if not found:
        say("Nobody has answered yet. Mails lead to the answer page when BAKEN_PUBLIC_URL is set.")
