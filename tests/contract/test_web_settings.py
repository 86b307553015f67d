"""The settings make a client that asks the web as they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from web_world import NAME, URL, authority, certificate, web_world

from baken.core.errors import SettingsError
from baken.jobs.outside import open_web
from baken.outside.fetching import FetchError, FetchFailure
from baken.outside.keeping import MemoryBudgets, MemoryLog
from baken.settings.environment import read_settings


def test_the_settings_open_what_tests_and_the_demo_need(tmp_path: Path) -> None:
    ca_file = tmp_path / "authority.pem"
    authority().cert_pem.write_to_path(ca_file)
    with web_world(lambda talk: talk.answer(b"hello"), leaf=certificate(NAME)) as world:
        given = {
            "BAKEN_WEB_PORT": str(world.peer.port),
            "BAKEN_WEB_CA_FILE": str(ca_file),
            "BAKEN_WEB_NETWORKS": "127.0.0.1/32, ::1/128",
            "BAKEN_DNS_SERVERS": world.dns.text,
            "BAKEN_WEB_CONTACT": "https://csirt.example.nl/requests",
        }
        log = MemoryLog()
        web = open_web(read_settings(given), log=log, budgets=MemoryBudgets())
        assert web.get(URL).body == b"hello"
        assert b"(+https://csirt.example.nl/requests)" in world.peer.heads[0]
        assert {one.outcome for one in log.asked} == {"found", "answered"}
        del given["BAKEN_WEB_NETWORKS"]
        web = open_web(read_settings(given), log=log, budgets=MemoryBudgets())
        with pytest.raises(FetchError) as raised:
            web.get(URL)
    assert raised.value.failure is FetchFailure.NOT_ALLOWED


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_file_without_authorities_is_an_error_that_says_what_to_do(
    content: bytes | None, tmp_path: Path
) -> None:
    ca_file = tmp_path / "authority.pem"
    if content is not None:
        ca_file.write_bytes(content)
    settings = read_settings({"BAKEN_WEB_CA_FILE": str(ca_file)})
    with pytest.raises(SettingsError, match="BAKEN_WEB_CA_FILE"):
        open_web(settings, log=MemoryLog(), budgets=MemoryBudgets())


@pytest.mark.parametrize("networks", ["127.0.0.1/8", "loopback", "127.0.0.0/8,,"])
def test_what_is_no_network_is_refused(networks: str) -> None:
    with pytest.raises(SettingsError, match="BAKEN_WEB_NETWORKS"):
        read_settings({"BAKEN_WEB_NETWORKS": networks})
