"""The second part of the demo: a grave threat, and companies that never signed up."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from baken.cli.mail_screen import WIDTH, broken, say_first_screen
from baken.cli.output import say
from baken.core.classification import Level, Tlp
from baken.core.given_file import GivenFileKind
from baken.core.language import Language
from baken.settings.environment import Settings

if TYPE_CHECKING:
    from baken.jobs.calling import NextCall
    from baken.jobs.discovery import Discovered
    from baken.responses.services import Printing

KEY: Final = "exchange-hole"
_PUBLISHED_NUMBER: Final = "+31 70 000 0000"
_RETURN_ADDRESS: Final = "National CSIRT; Postbus 1; 2500 AA Den Haag"
_CALLER: Final = "the demo"
_SECONDS_TO_START: Final = 30
_LARGEST_PAGE: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class WarnedUnknown:
    """What came of the threat."""

    found: Discovered
    call: NextCall
    letters: Printing
    mails: Sequence[Path]
    """To an owner, then to an operator."""
    code: str
    """Of a mail."""
    check_page: str
    """What the public pages say about `code`."""

    def figures(self) -> dict[str, Any]:
        """What ``--json`` prints of it."""
        return {
            "unknown_systems": self.found.systems,
            "unknown_systems_by_state": dict(sorted(self.found.states.items())),
            "calls_waiting": int(self.call.call is not None),
            "letters_printed": sum(batch.letters for batch in self.letters.batches),
            "unasked_mails": len(self.mails),
            "code_checked": self.code,
            "check_page": self.check_page,
        }


def warn_unknown(home: Path, *, settings: Settings) -> WarnedUnknown:
    """Find whom to tell about the systems of a threat, release it, and warn them.

    A made-up internet, a mail server and the public pages run on this machine as long as that
    takes. `home` is the demo's own folder.
    """
    from baken.jobs.calling import next_call
    from baken.jobs.discovery import discover
    from baken.jobs.letters import print_letters
    from baken.jobs.public_pages import check_release
    from baken.jobs.sending import plan_and_deliver
    from baken.occasions.services import release_occasion

    with _around(home / "threat", settings=settings) as (local, mailbox):
        _see_and_rate(home / "threat", settings=local)
        found = discover(KEY, settings=local, progress=lambda *_: None)
        check_release(KEY, settings=local)
        for person in ("the first analyst", "the second analyst"):
            release_occasion(KEY, by=person, now=datetime.now(UTC))
        plan_and_deliver(settings=local, progress=lambda _: None)
        mails = sorted(mailbox.glob("*.eml"), key=_is_to_operator)
        code = _code_of(mails[0])
        return WarnedUnknown(
            found=found,
            call=next_call(by=_CALLER, settings=local, now=datetime.now(UTC)),
            letters=print_letters(
                home / "threat" / "letters", settings=local, now=datetime.now(UTC)
            ),
            mails=mails,
            code=code,
            check_page=_checked(code, settings=local),
        )


@contextmanager
def _around(folder: Path, *, settings: Settings) -> Iterator[tuple[Settings, Path]]:
    """The made-up world, running: `settings` that lead to it, and where its mails are."""
    from baken.specimen.grave_threat import CHECK_HOST, world
    from baken.specimen.internet import MadeUpInternet
    from baken.specimen.mail_server import FolderMailServer

    shutil.rmtree(folder, ignore_errors=True)
    port, mailbox = _free_port(), folder / "mailbox"
    public = replace(settings.public, url=f"https://{CHECK_HOST}", listen=("127.0.0.1", port))
    with ExitStack() as running:
        internet = running.enter_context(MadeUpInternet(world(pages_port=port)))
        server = running.enter_context(FolderMailServer(mailbox))
        local = replace(
            settings,
            smtp=replace(settings.smtp, host=server.host, port=server.port),
            dns_servers=((internet.host, internet.dns_port),),
            web=replace(
                settings.web,
                further_networks=(ip_network("127.0.0.0/8"),),
                port=internet.https_port,
                ca_file=internet.ca_file,
            ),
            public=public,
            by_hand=replace(
                settings.by_hand,
                published_number=_PUBLISHED_NUMBER,
                letter_return_address=_RETURN_ADDRESS,
            ),
        )
        running.enter_context(_public_pages(folder, settings=local))
        yield local, mailbox


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def _public_pages(folder: Path, *, settings: Settings) -> Iterator[None]:
    """`baken web` in a process of its own, answering."""
    address, port = settings.public.listen
    mine = {key: value for key, value in os.environ.items() if not key.startswith("BAKEN_")}
    mine |= {
        "BAKEN_HOME": str(settings.home),
        "BAKEN_PUBLIC_URL": settings.public.url,
        "BAKEN_PUBLIC_LISTEN": f"{address}:{port}",
    }
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "web.log"
    with (
        log.open("w") as told,
        subprocess.Popen(
            [sys.executable, "-m", "baken.cli", "web"], env=mine, stdout=told, stderr=told
        ) as running,
    ):
        try:
            _wait_for(address, port, running=running, log=log)
            yield
        finally:
            running.terminate()


def _wait_for(address: str, port: int, *, running: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + _SECONDS_TO_START
    while running.poll() is None and time.monotonic() < give_up_at:
        with socket.socket() as trying:
            if trying.connect_ex((address, port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"The public pages did not start: {log.read_text()}")


def _see_and_rate(folder: Path, *, settings: Settings) -> None:
    """Store what was seen of the systems, and write the threat down."""
    from baken.discovery.services import add_given_file
    from baken.jobs.ingestion import ReadOnce, ingest_files
    from baken.occasions.services import Threat, create_threat_occasion
    from baken.specimen.grave_threat import CVE, FINDING_KIND, write_registries, write_report

    now = datetime.now(UTC)
    day = (now - timedelta(days=1)).date()
    report = folder / f"{day}-scan_exchange-example-nl.csv"
    write_report(report, seen_at=now - timedelta(hours=3))
    for _ in ingest_files([report], settings=settings, accept=ReadOnce, progress=lambda _: None):
        pass
    for file in write_registries(folder):
        add_given_file(
            file, kind=GivenFileKind.RDAP_BOOTSTRAP, name=file.stem, permission="made up",
            by=_CALLER, valid_until=now + timedelta(days=1), now=now,
        )  # fmt: skip
    create_threat_occasion(
        Threat(
            key=KEY,
            title="Lek in Exchange Server",
            title_en="A hole in Exchange Server",
            likelihood=Level.HIGH,
            impact=Level.HIGH,
            tlp=Tlp.GREEN,
            advice_nl="Installeer vandaag de nieuwste updates en zet Extended Protection aan.",
            advice_en="Install the newest updates today and turn on Extended Protection.",
            finding_kinds=(FINDING_KIND,),
            cves=(CVE,),
        )
    )


def _is_to_operator(mail: Path) -> bool:
    from baken.specimen.grave_threat import OPERATOR_MAIL
    from baken.specimen.mail_server import read_mail

    return OPERATOR_MAIL in read_mail(mail)["To"]


_CODE: Final = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


def _code_of(mail: Path) -> str:
    """The code in `mail`, which its recipient types."""
    from baken.specimen.mail_server import read_mail

    body = read_mail(mail).get_body(("plain",))
    found = _CODE.search(body.get_content() if body else "")
    assert found is not None  # every mail of ours has one
    return found[0]


def _checked(code: str, *, settings: Settings) -> str:
    """What a visitor of the public pages reads about `code`."""
    from baken.jobs.outside import open_web
    from baken.outside.keeping import MemoryBudgets, NoLog

    web = open_web(settings, log=NoLog(), budgets=MemoryBudgets())
    try:
        url = f"{settings.public.url}/check/?code={code}&language=en"
        page = web.get(url, accept="text/html", largest=_LARGEST_PAGE)
    finally:
        web.close()
    reading = _Reading()
    reading.feed(page.body.decode())
    return "\n".join(reading.lines)


class _Reading(HTMLParser):
    """The text of what a page says, up to its form."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._is_shown = False
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Its text begins with ``main`` and ends with the heading of the next check."""
        del attrs
        self._is_shown = (self._is_shown or tag == "main") and tag not in ("h2", "form")
        self._within = tag

    def handle_data(self, data: str) -> None:
        """Keeps what is text; a value stands beside its name."""
        text = data.strip()
        if not self._is_shown or not text:
            return
        if self._within == "dd":
            self.lines[-1] += f": {text}"
        else:
            self.lines.append(text)


def say_warned(warned: WarnedUnknown) -> None:
    """Print the story: what was found, by which way, and what went out."""
    from baken.explaining.calls import next_call_lines
    from baken.explaining.ladders import discovery_lines, explain_ladders, ladder_lines
    from baken.explaining.letters import printing_lines
    from baken.explaining.words import words_in
    from baken.specimen.grave_threat import SYSTEMS, TOLD_IN_WORDS
    from baken.specimen.mail_server import read_mail

    words, found = words_in(Language.EN), warned.found
    say("A grave threat: a hole in Exchange Server, and systems of companies that never signed up.")
    for line in discovery_lines(
        found.systems, found.states, unanswered=found.unanswered, without_files=(), words=words
    ):
        say(line)
    say("\nHow three of them were found, as baken explain shows it:")
    for one in SYSTEMS:
        if one.address in TOLD_IN_WORDS:
            say(f"\n{one.story}")
            for ladder in explain_ladders(one.address):
                for line in ladder_lines(ladder, words):
                    say(line)
    say("\nTwo people released the threat. Whoever can be called is called first; the next call:")
    say("-" * WIDTH)
    for line in broken("\n".join(next_call_lines(warned.call.call, warned.call.dropped, words))):
        say(line)
    say("-" * WIDTH)
    for line in printing_lines(warned.letters, words):
        say(f"\nWho has a postal address and no other gets a letter. {line}")
    for path in warned.mails:
        whom = (
            "the operator of the network, asked to pass it on to those whom only it can find"
            if _is_to_operator(path)
            else "an owner without a known number"
        )
        say(f"\nA mail to {whom}, {path}:")
        say_first_screen(read_mail(path))
    say(f"\nIs that mail really from us? What the public pages say about its code, {warned.code}:")
    for line in broken(warned.check_page):
        say(f"    {line}")
    say()
