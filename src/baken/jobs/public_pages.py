"""Asks our own public pages whether they answer, as anybody on the internet would."""

from __future__ import annotations

from typing import Final

from baken.core.errors import PublicPagesError
from baken.discovery.selectors import states_under
from baken.jobs.outside import open_web
from baken.occasions.selectors import find_occasion, occasion_facts
from baken.outside.fetching import Fetched, FetchError, FetchFailure
from baken.outside.keeping import MemoryBudgets, NoLog
from baken.settings.environment import Settings

_LARGEST: Final = 64 << 10
_FURTHER_TRIES: Final = 2
_HICCUPS: Final = frozenset({FetchFailure.NOT_REACHED, FetchFailure.TOO_SLOW})
_FIELD: Final = b'name="code"'
"""What stands on the check page, and hardly on a page that a provider shows in its place."""


def check_public_pages(settings: Settings) -> str:
    """Fetch the check page at its public address; gives the address.

    One that is slow or breaks off is asked again: a hiccup must not hold up a grave threat. Nothing
    is written down of it, since no system is asked about. Raises `PublicPagesError` when the
    address is not set, or does not answer with our page.
    """
    if not settings.public.url:
        raise PublicPagesError(
            "BAKEN_PUBLIC_URL is not set: nobody could check a warning that they did not ask for.",
            remedy="Run baken web behind a reverse proxy and set it to their public address; "
            "docs/howto/run-the-public-pages.md says how.",
        )
    page = f"{settings.public.url}/check/"
    try:
        fetched = _fetched(page, settings)
    except FetchError as error:
        raise PublicPagesError(
            f"{page} does not answer: {error}", remedy=_remedy(settings)
        ) from error
    if fetched.status != 200 or _FIELD not in fetched.body:
        raise PublicPagesError(
            f"{page} answers with status {fetched.status}, and not with the check page.",
            remedy=_remedy(settings),
        )
    return settings.public.url


def _fetched(page: str, settings: Settings) -> Fetched:
    for _ in range(_FURTHER_TRIES):
        try:
            return _fetch(page, settings)
        except FetchError as error:
            if error.failure not in _HICCUPS:
                raise
    return _fetch(page, settings)


def _fetch(page: str, settings: Settings) -> Fetched:
    """One try, by a client of its own: who was silent twice is let alone by the same client."""
    web = open_web(settings, log=NoLog(), budgets=MemoryBudgets())
    try:
        return web.get(page, largest=_LARGEST)
    finally:
        web.close()


def check_release(key: str, *, settings: Settings) -> None:
    """Let nobody release a threat that would warn unasked while nobody could check the warning.

    That is a grave threat under which somebody sought whom to tell about systems that no registered
    organisation owns (`baken occasion discover`). Others need no public pages: who signed up knows
    us. Raises `PublicPagesError`, `NotFoundError`.
    """
    occasion = find_occasion(key)
    is_grave = occasion_facts(occasion, if_released=True).is_unasked_allowed
    if is_grave and states_under(occasion):
        check_public_pages(settings)


def _remedy(settings: Settings) -> str:
    address, port = settings.public.listen
    return (
        f"See that baken web runs at {address} port {port}, and that the reverse proxy leads "
        f"{settings.public.url} there. Nobody was warned."
    )
