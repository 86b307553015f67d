"""A threat that would warn unasked is released only while our own check page answers."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from web_world import NAME, WebWorld, authority, certificate, web_world

from baken.core.errors import PublicPagesError
from baken.jobs.public_pages import check_public_pages
from baken.settings.environment import Settings, read_settings
from raw_https_peer import Conversation

CHECK_PAGE = b'<form><input id="code" name="code" type="text"></form>'


def settings_for(world: WebWorld, folder: Path) -> Settings:
    """Settings of who asks that world for the public pages."""
    ca_file = folder / "authority.pem"
    authority().cert_pem.write_to_path(ca_file)
    return read_settings(
        {
            "BAKEN_PUBLIC_URL": f"https://{NAME}",
            "BAKEN_WEB_PORT": str(world.peer.port),
            "BAKEN_WEB_CA_FILE": str(ca_file),
            "BAKEN_WEB_NETWORKS": "127.0.0.1/32, ::1/128",
            "BAKEN_DNS_SERVERS": world.dns.text,
        }
    )


def test_the_check_page_is_asked_at_its_public_address(tmp_path: Path) -> None:
    with web_world(lambda talk: talk.answer(CHECK_PAGE), leaf=certificate(NAME)) as world:
        assert check_public_pages(settings_for(world, tmp_path)) == f"https://{NAME}"
        assert world.peer.heads[0].startswith(b"GET /check/ ")


def test_a_page_that_broke_off_is_asked_again(tmp_path: Path) -> None:
    asked = count(1)

    def answer(talk: Conversation) -> None:
        if next(asked) <= 2:
            talk.reset()
        else:
            talk.answer(CHECK_PAGE)

    with web_world(answer, leaf=certificate(NAME)) as world:
        assert check_public_pages(settings_for(world, tmp_path)) == f"https://{NAME}"
        assert len(world.peer.heads) == 3


def test_a_page_that_was_slow_twice_is_asked_again(tmp_path: Path) -> None:
    asked = count(1)

    def answer(talk: Conversation) -> None:
        if next(asked) <= 2:
            talk.wait()
        else:
            talk.answer(CHECK_PAGE)

    with web_world(answer, leaf=certificate(NAME)) as world:
        settings = settings_for(world, tmp_path)
        in_haste = replace(settings, web=replace(settings.web, seconds=1.0))
        assert check_public_pages(in_haste) == f"https://{NAME}"
        assert len(world.peer.heads) == 3


def test_a_page_that_is_not_ours_does_not_count(tmp_path: Path) -> None:
    with (
        web_world(lambda talk: talk.answer(b"It works!"), leaf=certificate(NAME)) as world,
        pytest.raises(PublicPagesError, match="not with the check page"),
    ):
        check_public_pages(settings_for(world, tmp_path))


def test_a_server_that_is_away_is_said_with_what_to_do(tmp_path: Path) -> None:
    with web_world(lambda talk: talk.answer(CHECK_PAGE), leaf=certificate(NAME)) as world:
        settings = settings_for(world, tmp_path)
    with pytest.raises(PublicPagesError) as raised:
        check_public_pages(settings)
    assert "does not answer" in raised.value.message
    assert "baken web" in raised.value.remedy


def test_without_an_address_nobody_is_asked() -> None:
    with pytest.raises(PublicPagesError, match="BAKEN_PUBLIC_URL is not set"):
        check_public_pages(read_settings({}))
