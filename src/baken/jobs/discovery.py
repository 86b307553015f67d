"""Finds whom to tell about the unknown systems of a threat, and opens the cases of who is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Final

from baken import lookups
from baken.core.choosing import Circumstances
from baken.core.errors import StoredFileDamagedError
from baken.core.given_file import GivenFile
from baken.core.home import Home
from baken.core.ladder import Answers, Sought
from baken.core.lookup import LookupAnswer, Subject, SubjectKind
from baken.core.mail_address import domain_of
from baken.core.pap import Pap, Touch
from baken.core.unknown_system import UnknownSystem, read_unknown_systems
from baken.discovery.selectors import (
    central_desks,
    found_by_people,
    given_files,
    sought_of,
)
from baken.discovery.services import (
    Climbed,
    KeptRequests,
    OpenLookup,
    climb,
    decide_about,
    forget_old_answers,
    forget_old_requests,
)
from baken.jobs import EngineName
from baken.jobs.looking_back import find_unknown_under
from baken.jobs.outside import open_dns, open_web, open_whois
from baken.lookups import LookupKind
from baken.lookups.shared_hosting import hosting_desks
from baken.occasions.models import Occasion
from baken.outbox.selectors import unwanted_of_any_kind
from baken.outside import Outside
from baken.settings.environment import Settings

_AT_ONCE: Final = 5_000
"""So many systems are climbed together: their answers are in memory."""

PERSONAL_PER_DAY: Final = {"rdap.db.ripe.net": 900}
"""How many data sets of persons a server may give us a day. RIPE blocks who takes more than about
1,000; contacts for abuse do not count."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """What came of asking the outside about the unknown systems of a threat."""

    occasion: Occasion
    systems: int
    states: Counter[str]
    """How many systems came how far: see `SoughtSystem.State`."""
    asked: int
    """Questions put to a lookup."""
    known: int
    """Questions whose answer was kept."""
    unanswered: int
    """Questions that no source could answer now."""
    problems: Sequence[StoredFileDamagedError]
    without_files: Sequence[tuple[str, str]] = ()
    """Lookups that were asked nothing, each with the kind of given file that it needs."""


def discover(
    occasion_key: str,
    *,
    settings: Settings,
    progress: Callable[[int, int], None],
    engine_name: EngineName = EngineName.LOCAL,
) -> Discovered:
    """Ask whom to tell about each unknown system under the occasion, and keep what was chosen.

    Nobody is written as an organisation, and nobody is warned. Only what the occasion's PAP label
    permits is asked; the rest stays unanswered. May be broken off and run again:
    what was answered is not asked again within its lifetime. `progress` gets how many systems are
    done, of how many. Raises `NotFoundError`, `SettingsError`, `TextRefusedError` for a given file
    that cannot be used, and `StoreUnavailableError`.
    """
    now = datetime.now(UTC)
    forget_old_answers(now=now)
    forget_old_requests(now=now)
    found = find_unknown_under(
        occasion_key, settings=settings, progress=lambda _: None, engine_name=engine_name
    )
    requests = KeptRequests(PERSONAL_PER_DAY, now=now)
    files = given_files(now=now)
    opened = open_lookups(files)
    desks = hosting_desks(files, now=now)
    systems = read_unknown_systems(found.found.systems)
    counts, states = Counter[str](), Counter[str]()
    with closing(open_web(settings, log=requests, budgets=requests)) as web:
        dns = open_dns(settings, log=requests)
        whois = open_whois(settings, log=requests, budgets=requests)

        pap = Pap(found.occasion.pap)

        def outside(kind: LookupKind) -> Outside:
            why = f"{kind.key} for {occasion_key}"
            touch = Touch.SUBJECT if kind.is_said_by_subject else Touch.THIRD_PARTY
            return Outside(
                web.because(why, pap=pap, touch=touch),
                dns.because(why, pap=pap, touch=touch),
                whois.because(why, pap=pap, touch=touch),
            )

        total, done = found.found.systems.num_rows, 0

        def climbed_so_far(count: int) -> None:
            progress(done + count, total)

        while portion := list(islice(systems, _AT_ONCE)):
            climbed = climb(
                {number: sought_of(system) for number, system in enumerate(portion)},
                lookups=opened,
                outside=outside,
                clock=lambda: datetime.now(UTC),
                progress=climbed_so_far,
                save=requests.save,
                home=home_of(settings),
            )
            requests.save()
            counts += Counter(asked=climbed.asked, known=climbed.known, unanswered=climbed.unknown)
            states += _decide(found.occasion, portion, climbed, settings=settings, desks=desks)
            done += len(portion)
            progress(done, total)
    return Discovered(
        found.occasion,
        total,
        states,
        counts["asked"],
        counts["known"],
        counts["unanswered"],
        found.found.problems,
        without_files=_without_files(opened),
    )


def _decide(
    occasion: Occasion,
    systems: Sequence[UnknownSystem],
    climbed: Climbed[int],
    *,
    settings: Settings,
    desks: Collection[str],
) -> Counter[str]:
    now, home = datetime.now(UTC), home_of(settings)
    circumstances = Circumstances(
        now=now,
        said_by_subject=frozenset(
            kind.key for kind in lookups.LOOKUPS.values() if kind.is_said_by_subject
        ),
        known_keys=frozenset(_signers(climbed)),
        central_desks=central_desks(),
        hosting_desks=desks,
        our_own=home.our_own,
        country=home.country,
        unwanted=unwanted_of_any_kind(now=now),
    )
    answers = _with_what_people_found(systems, climbed)
    decided = decide_about(occasion, systems, answers, circumstances=circumstances)
    return Counter(one.state for one in decided)


def home_of(settings: Settings) -> Home:
    """Which service we are."""
    own = frozenset({domain_of(settings.mail_from), domain_of(settings.mail_reply_to)})
    return Home(settings.country, own)


def _with_what_people_found(
    systems: Sequence[UnknownSystem], climbed: Climbed[int]
) -> list[Answers]:
    """The answers about each system; what a person found, or was given, comes first."""
    subjects = [_subjects_for_people(sought_of(system)) for system in systems]
    found: dict[Subject, list[LookupAnswer]] = {}
    for one in found_by_people(chain.from_iterable(subjects)):
        found.setdefault(one.subject, []).append(one)
    answers = []
    for number, mine in enumerate(subjects):
        by_people = [one for subject in mine for one in found.get(subject, ())]
        answers.append(
            Answers(
                {(one.lookup, one.subject): one for one in by_people}
                | dict(climbed.answers[number].by_question)
            )
        )
    return answers


def _subjects_for_people(sought: Sought) -> list[Subject]:
    """What an analyst finds something about, and what a registry or registrar is asked about."""
    domains = [Subject(SubjectKind.DOMAIN, domain) for domain in sought.domains()]
    return [*sought.subjects(), *domains]


def _signers(climbed: Climbed[int]) -> Iterator[str]:
    """Lookups name a signer only when its key was given to us before."""
    for answers in climbed.answers.values():
        for answer in answers.by_question.values():
            yield from (route.signed_by for route in answer.routes if route.signed_by)


def _without_files(opened: Sequence[OpenLookup]) -> list[tuple[str, str]]:
    asked = {one.kind.key for one in opened}
    return [
        (kind.key, kind.reads.value)
        for kind in lookups.LOOKUPS.values()
        if kind.reads is not None and kind.key not in asked
    ]


def open_lookups(files: Sequence[GivenFile]) -> list[OpenLookup]:
    """Every lookup that can be asked: those over given files only when there are any."""
    opened = []
    for kind in lookups.LOOKUPS.values():
        mine = [file for file in files if file.kind in (kind.reads, kind.checks_with)]
        if kind.reads is None or any(file.kind is kind.reads for file in mine):
            opened.append(OpenLookup(kind, kind.open(mine)))
    return opened
