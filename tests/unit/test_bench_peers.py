"""Beside the peers: who takes part, who is left out and why. The installer is the real one."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from baken.bench import Measurement
from baken.bench.intelmq import IntelMQRound, report_schema
from baken.bench.peer_room import PeerLeftOutError, PeerRoom, peer_room
from baken.bench.peers import PYTRICIA, Comparison, PytriciaRound, compare_with_peers
from baken.core.errors import PeersUnavailableError
from baken.specimen.load import COLUMNS

STAND_IN = """
import ipaddress

class PyTricia:
    def __init__(self, bits):
        self.networks = []

    def __setitem__(self, network, value):
        self.networks.append(ipaddress.ip_network(network))

    def get(self, address):
        return next((n for n in self.networks if ipaddress.ip_address(address) in n), None)
"""
METADATA = "Metadata-Version: 2.1\nName: pytricia\nVersion: 1.3.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> PeerRoom:
    """An environment with pip and nothing else."""
    room = PeerRoom(tmp_path_factory.mktemp("home") / "bench" / "peers")
    room.prepare()
    return room


@pytest.fixture(autouse=True)
def no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip asks a registry that does not answer."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    monkeypatch.setenv("PIP_RETRIES", "0")


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip also looks into a folder, where a slow pytricia in Python stands."""
    with zipfile.ZipFile(tmp_path / "pytricia-1.3.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("pytricia.py", STAND_IN)
        wheel.writestr("pytricia-1.3.0.dist-info/METADATA", METADATA)
        wheel.writestr("pytricia-1.3.0.dist-info/WHEEL", WHEEL)
        wheel.writestr("pytricia-1.3.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


def compare(room: PeerRoom, *, said: list[str]) -> Comparison:
    return compare_with_peers(rows=900, room=room, limit_seconds=60, say=said.append)


def test_without_any_peer_the_error_names_each_and_what_to_do(room: PeerRoom) -> None:
    with pytest.raises(PeersUnavailableError) as caught:
        compare(room, said=[])
    assert "intelmq could not install intelmq==3.5.0: ERROR: No matching" in str(caught.value)
    assert "pytricia could not install pytricia==1.3.0: ERROR: No matching" in str(caught.value)
    assert "package registry" in caught.value.remedy


@pytest.mark.usefixtures("stand_in")
def test_a_peer_that_cannot_be_installed_is_left_out_with_the_reason(room: PeerRoom) -> None:
    said: list[str] = []
    figures = compare(room, said=said).as_json()
    assert figures["rows"] == 900
    assert 200 < figures["matched_rows"] < 400
    assert figures["pytricia_rows_per_second"] > 0
    assert set(figures["left_out"]) == {"intelmq"}
    assert figures["left_out"]["intelmq"].startswith("could not install intelmq==3.5.0: ")
    assert "ratio" not in figures
    assert any(line.startswith("intelmq is left out: could not install") for line in said)


@pytest.mark.usefixtures("stand_in")
def test_what_is_installed_is_not_asked_for_again(
    room: PeerRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.install(PYTRICIA)
    monkeypatch.delenv("PIP_FIND_LINKS")
    room.install(PYTRICIA)
    assert room.version("pytricia") == "1.3.0"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must become somebody else")
def test_a_room_that_the_ordinary_user_cannot_enter_is_refused(room: PeerRoom) -> None:
    room.folder.parent.chmod(0o700)
    with pytest.raises(PeerLeftOutError, match="must not run as root, and nobody cannot run"):
        room.must_open_to_ordinary_user()


def test_a_python_that_makes_no_environment_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PeerLeftOutError, match="could not make a virtual environment"):
        PeerRoom(tmp_path / "file" / "peers").prepare()


def test_the_room_is_in_the_home_that_is_set(tmp_path: Path) -> None:
    assert peer_room({"BAKEN_HOME": str(tmp_path)}).folder == tmp_path / "bench" / "peers"


def test_the_schema_for_intelmq_tells_what_each_column_means_once() -> None:
    schema = report_schema(COLUMNS)["scan_snmp"]
    fields = [*schema["required_fields"], *schema["optional_fields"]]
    assert sorted(column for _, column, *_ in fields) == sorted(COLUMNS)
    assert ["source.ip", "ip", "validate_ip"] in schema["required_fields"]
    assert ["extra.", "jarm", "validate_to_none"] not in fields


def test_a_comparison_gives_the_ratio_and_says_when_time_was_up() -> None:
    ours = Measurement("ours", rows=2_000_000, seconds=2, peak_rss_bytes=1, details={"matches": 7})
    figures = Comparison(
        ours,
        intelmq=IntelMQRound(events=20_000, seconds=10, is_whole=False),
        intelmq_version="3.5.0",
        pytricia=PytriciaRound(rows=2_000_000, matched=7, seconds=10),
    ).as_json()
    assert figures["ours_rows_per_second"] == 1_000_000
    assert figures["intelmq_rows_per_second"] == 2_000
    assert figures["pytricia_rows_per_second"] == 200_000
    assert figures["ratio"] == 500
    assert "stopped after 10 s" in figures["measured"]
