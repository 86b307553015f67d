"""Baken beside its peers: the same report, on the same machine, one after the other."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from baken.bench import Measurement
from baken.bench.ingest import measure_report
from baken.bench.intelmq import IntelMQRound, install_intelmq, run_intelmq
from baken.bench.peer_room import PeerLeftOutError, PeerRoom
from baken.core.errors import BakenError, PeersUnavailableError
from baken.specimen.constituency import made_up_organisations
from baken.specimen.load import COLUMNS, REPORT_TYPE, write_report

PYTRICIA: Final = "pytricia==1.3.0"
_PYTRICIA_LOOP: Final = Path(__file__).with_name("pytricia_loop.py")

_SEED: Final = 1
_SHORT_ROWS: Final = 1_000
_TURNS: Final = 5
"""Short rounds are run so often, and the middle one counts: a machine is seldom idle."""
_REPORT: Final = f"2026-11-22-{REPORT_TYPE}-bench.csv"
_SECONDS_BETWEEN_WORDS: Final = 10

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PytriciaRound:
    """What the loop found in a report."""

    rows: int
    matched: int
    seconds: float


_Timed = TypeVar("_Timed", Measurement, PytriciaRound)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The figures of one run; a peer that did not take part is in `left_out` with the reason."""

    ours: Measurement
    intelmq: IntelMQRound | None = None
    intelmq_version: str = ""
    pytricia: PytriciaRound | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The comparison as it is printed."""
        figures: dict[str, Any] = {
            "rows": self.ours.rows,
            "matched_rows": self.ours.details["matches"],
            "ours_rows_per_second": self.ours.rows_per_second,
        }
        if self.intelmq:
            theirs = self.intelmq.events / self.intelmq.seconds
            figures["intelmq_rows_per_second"] = round(theirs)
            figures["ratio"] = round(self.ours.rows / self.ours.seconds / theirs, 1)
            figures["intelmq_events"] = self.intelmq.events
            figures["intelmq_version"] = self.intelmq_version
        if self.pytricia:
            figures["pytricia_rows_per_second"] = round(self.pytricia.rows / self.pytricia.seconds)
        return {**figures, "measured": self._measured(), "left_out": dict(self.left_out)}

    def _measured(self) -> str:
        said = [
            f"One made-up {REPORT_TYPE} CSV of {len(COLUMNS)} columns, given to each in turn.",
            f"Ours: from opening the file to the matches, the middle of {_TURNS} processes, "
            f"each of which had read a report of {_SHORT_ROWS:,} rows before.",
        ]
        if self.intelmq:
            said.append(
                "IntelMQ: its Shadowserver parser alone, from the report in its source queue to "
                "the events in the next queue, without the start of the bot; it does not match."
            )
            if not self.intelmq.is_whole:
                said.append(f"It was stopped after {self.intelmq.seconds:.0f} s.")
        if self.pytricia:
            said.append(
                "pytricia: csv.DictReader and a lookup of each row's address, the middle of "
                f"{_TURNS} rounds; it makes nothing of the other columns."
            )
        return " ".join(said)


def compare_with_peers(*, rows: int, room: PeerRoom, limit_seconds: float, say: Say) -> Comparison:
    """Install the peers in `room`, write a report of `rows` rows and give it to each in turn.

    IntelMQ is stopped after `limit_seconds`, and its rate is then that of what it had done. Raises
    PeersUnavailableError when no peer can be installed, and BakenError when two find different
    numbers of rows.
    """
    say(f"Installing the peers in {room.folder} …")
    left_out = _install(room, say=say)
    networks = [one.network for one in made_up_organisations()]
    with tempfile.TemporaryDirectory(prefix="baken-peers-") as made:
        folder = Path(made)
        folder.chmod(0o755)  # when we are root, IntelMQ reads here as somebody else
        report = folder / _REPORT
        say(f"Writing a report of {rows:,} rows …")
        write_report(report, rows=rows, seed=_SEED, networks=networks)
        return _run_in_turn(
            room,
            report,
            networks=[str(network) for network in networks],
            left_out=left_out,
            limit_seconds=limit_seconds,
            say=say,
        )


def _install(room: PeerRoom, *, say: Say) -> dict[str, str]:
    """Install what can be; gives the reason for each that cannot."""
    left_out: dict[str, str] = {}
    with _noting("intelmq", left_out, say=say):
        room.prepare()
        install_intelmq(room)
    with _noting("pytricia", left_out, say=say):
        room.prepare()
        room.install(PYTRICIA)
    if len(left_out) == 2:
        reasons = "; ".join(f"{name} {reason}" for name, reason in left_out.items())
        raise PeersUnavailableError(
            f"There is nothing to compare with: {reasons}.",
            remedy="Check that pip reaches a package registry (its own settings apply), then try "
            "again.",
        )
    return left_out


def _run_in_turn(
    room: PeerRoom,
    report: Path,
    *,
    networks: list[str],
    left_out: dict[str, str],
    limit_seconds: float,
    say: Say,
) -> Comparison:
    say("Baken reads and matches it …")
    ours = _middle([_run_ours(report, networks=networks) for _ in range(_TURNS)])
    pytricia = intelmq = None
    if "pytricia" not in left_out:
        say("pytricia looks its rows up one by one …")
        with _noting("pytricia", left_out, say=say):
            loop = [_run_pytricia(room, report, networks=networks) for _ in range(_TURNS)]
            pytricia = _middle(loop)
            _must_agree(ours, pytricia)
    if "intelmq" not in left_out:
        say("IntelMQ makes an event of each row …")
        with _noting("intelmq", left_out, say=say):
            intelmq = run_intelmq(
                room,
                report,
                rows=ours.rows,
                columns=COLUMNS,
                folder=report.parent / "intelmq",
                limit_seconds=limit_seconds,
                progress=_now_and_then(say, rows=ours.rows),
            )
    version = room.version("intelmq") if intelmq else ""
    return Comparison(ours, intelmq, version, pytricia, left_out)


@contextmanager
def _noting(name: str, left_out: dict[str, str], *, say: Say) -> Iterator[None]:
    """A peer that must be left out within the block is, with its reason."""
    try:
        yield
    except PeerLeftOutError as error:
        left_out[name] = str(error)
        say(f"{name} is left out: {error}.")


def _middle(rounds: list[_Timed]) -> _Timed:
    return sorted(rounds, key=lambda one: one.seconds)[len(rounds) // 2]


def _run_ours(report: Path, *, networks: list[str]) -> Measurement:
    """In a process of its own that has read a short report before: it is up, as IntelMQ's bot is
    when the clock starts."""
    short = report.with_name(report.name.replace("bench", "short"))
    if not short.exists():
        write_report(short, rows=_SHORT_ROWS, seed=_SEED + 1, networks=[])
    afresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=afresh) as process:
        process.submit(measure_report, short, networks=networks).result()
        return process.submit(measure_report, report, networks=networks).result()


def _run_pytricia(room: PeerRoom, report: Path, *, networks: list[str]) -> PytriciaRound:
    listed = report.with_name("networks.txt")
    listed.write_text("\n".join(networks))
    command = [room.python, _PYTRICIA_LOOP, report, listed]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PeerLeftOutError(f"its loop stopped: {done.stderr.strip()[-200:]}")
    return PytriciaRound(**json.loads(done.stdout))


def _must_agree(ours: Measurement, pytricia: PytriciaRound) -> None:
    if (ours.rows, ours.details["matches"]) != (pytricia.rows, pytricia.matched):
        raise BakenError(
            f"Baken matched {ours.details['matches']} of {ours.rows} rows and pytricia "
            f"{pytricia.matched} of {pytricia.rows}.",
            remedy="One of them is wrong, so no figure is given: please report this.",
        )


def _now_and_then(say: Say, *, rows: int) -> Callable[[int], None]:
    """Says how many events there are, at most every ten seconds."""
    said_at = time.monotonic()

    def tell(events: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at > _SECONDS_BETWEEN_WORDS:
            said_at = time.monotonic()
            say(f"IntelMQ: {events:,} of {rows:,} events")

    return tell
