"""Further questions, where an answer names its holder and leaves out who that is."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, urlsplit

from baken.lookups.rdap.answer import Answer, Entity, Link
from baken.lookups.rdap.asking import FollowUps
from baken.lookups.rdap.bootstrap import Bootstrap
from baken.lookups.rdap.contacts import is_said_to_be_redacted
from baken.lookups.rdap.holders import holder_entity, personal_sets


def with_holders_card(
    answer: Answer, source: str, *, follow_ups: FollowUps, bootstrap: Bootstrap
) -> tuple[Answer, int]:
    """`answer` with its holder's card, which some registries leave to another question.

    And how many sets of personal data that question gave. `source` is where `answer` came from.
    """
    entity = holder_entity(answer)
    if entity is None or not entity.card.is_empty or not entity.handle:
        return answer, 0
    if is_said_to_be_redacted(entity):
        return answer, 0
    url = known_link(entity.links, "self", bootstrap=bootstrap)
    url = url or _url_of(entity, source, bootstrap=bootstrap)
    about = follow_ups.ask(url).answer
    whole = about.entities[0] if about and about.entities else None
    if about is None or whole is None or whole.handle.upper() != entity.handle.upper():
        return answer, 0
    whole = replace(whole, roles=entity.roles)
    entities = tuple(whole if one is entity else one for one in answer.entities)
    return replace(answer, entities=entities), personal_sets(about)


def known_link(links: tuple[Link, ...], relation: str, *, bootstrap: Bootstrap) -> str:
    """The first of `links` with `relation` that leads to a server which a bootstrap file names."""
    for one in links:
        if one.relation == relation and _host(one.url) in bootstrap.hosts:
            return one.url
    return ""


def _url_of(entity: Entity, source: str, *, bootstrap: Bootstrap) -> str:
    """Where `entity` is to be had: by its tag, else beside what was answered at `source`."""
    beside = source.rpartition("/")[0].rpartition("/")[0] + "/"
    base = next(iter(bootstrap.for_handle(entity.handle)), beside)
    return f"{base}entity/{quote(entity.handle, safe='')}"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
