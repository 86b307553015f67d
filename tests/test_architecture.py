"""The rooms stand as the design says."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "baken"
MODULES = sorted(SOURCE.rglob("*.py"))
NOT_NAMES = {"utils", "util", "helpers", "helper", "tools", "manager", "common", "misc"}


def test_every_module_says_in_one_sentence_what_it_is() -> None:
    silent = [
        str(path.relative_to(SOURCE))
        for path in MODULES
        if path.stat().st_size
        and "migrations" not in path.parts
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not {path.stem for path in MODULES} & NOT_NAMES


def test_no_module_has_grown_past_being_one_thing() -> None:
    long = {
        str(path.relative_to(SOURCE)): lines
        for path in MODULES
        if "migrations" not in path.parts and (lines := len(path.read_text().splitlines())) > 400
    }
    assert not long


def test_no_feed_is_named_outside_of_feeds_and_what_makes_things_up() -> None:
    may_name_one = {"feeds", "specimen", "bench", "migrations"}
    naming = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not may_name_one & set(path.relative_to(SOURCE).parts[:-1])
        and b"shadowserver" in path.read_bytes().lower()
    ]
    assert not naming


def test_nobody_reaches_past_the_doors_of_an_app() -> None:
    doors = {"__init__", "models", "selectors", "services"}
    inner = {
        f"baken.{path.parent.name}.{path.stem if path.is_file() else path.name}"
        for models in SOURCE.glob("*/models.py")
        for path in models.parent.iterdir()
        if (path.suffix == ".py" and path.stem not in doors)
        or ((path / "__init__.py").exists() and path.name != "migrations")
    }
    rules = tomllib.loads((SOURCE.parent.parent / "pyproject.toml").read_text())
    contracts = rules["tool"]["importlinter"]["contracts"]
    held = {name for one in contracts for name in one.get("protected_modules", ())}
    assert not inner - held


def test_every_room_stands_in_the_architecture() -> None:
    told = (SOURCE.parent.parent / "ARCHITECTURE.md").read_text()
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert not {room for room in rooms if f"`{room}/`" not in told}
