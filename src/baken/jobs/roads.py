"""Chooses the channels: by which roads warnings leave, and what each can carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from baken import channels
from baken.channels import ChannelKind, FolderChannel
from baken.core.errors import TextRefusedError
from baken.core.routes import Carries
from baken.core.text import one_line
from baken.outbox.services import Pace, Road
from baken.settings.environment import Settings


def channels_for_people() -> Mapping[str, ChannelKind]:
    """The channels by which somebody can be told, by key."""
    return {key: kind for key, kind in channels.CHANNELS.items() if kind.is_for_people}


def channels_in_use(settings: Settings) -> Mapping[str, ChannelKind]:
    """Those of them that the settings have all for: only by these is anybody told."""
    return {key: kind for key, kind in channels_for_people().items() if kind.is_set_up(settings)}


def carried(settings: Settings) -> Mapping[str, Carries]:
    """What each of those in use can carry: what the verdict looks at."""
    return {key: kind.carries for key, kind in channels_in_use(settings).items()}


def address_readers() -> Mapping[str, Callable[[str], str]]:
    """By channel, what gives an address as it is kept, or raises ``ValueError`` with its fault."""
    return {key: partial(_read_address, kind) for key, kind in channels_for_people().items()}


def address_of(text: str) -> str:
    """`text` as an address of one of the channels, in the form in which it is kept.

    Raises `TextRefusedError` when no channel can use it.
    """
    for read in address_readers().values():
        try:
            return read(text)
        except ValueError:
            continue
    *nouns, last = (kind.address_noun for kind in channels_for_people().values())
    raise TextRefusedError(
        f"{one_line(text, limit=80)!r} is not a {', '.join(nouns)} or {last}.",
        remedy="Give one plain address, such as security@example.nl.",
    )


def _read_address(kind: ChannelKind, text: str) -> str:
    fault = kind.address_fault(text)
    if fault:
        raise ValueError(fault)
    return kind.normal_address(text)


def roads_of(settings: Settings) -> Mapping[str, Road]:
    """The roads by which warnings leave, as the settings say."""
    return {key: _road(kind, settings) for key, kind in channels_in_use(settings).items()}


def dry_run_roads(folder: Path, settings: Settings) -> Mapping[str, Road]:
    """Roads that end in `folder`: the same messages, as files."""
    return {
        key: _road_into(folder, kind, settings) for key, kind in channels_in_use(settings).items()
    }


def _road(kind: ChannelKind, settings: Settings) -> Road:
    return Road(
        open=lambda: kind.open(settings),
        carries=kind.carries,
        connections=kind.connections(settings),
        pace=Pace(
            per_minute=settings.provider_per_minute,
            first_day_per_minute=settings.provider_first_day_per_minute,
        ),
        providers_of=kind.providers_of(settings),
    )


def _road_into(folder: Path, kind: ChannelKind, settings: Settings) -> Road:
    rendering = kind.rendering(settings)
    return Road(
        open=lambda: FolderChannel(folder, rendering=rendering, carries=kind.carries),
        carries=kind.carries,
    )
