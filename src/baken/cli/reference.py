"""Print the reference page of the commands: the source of docs/reference/commands.md."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import typer

from baken.cli import app

_WIDTH = 100


def commands_page() -> str:
    """The whole page, as Markdown."""
    sections = "\n".join(
        line
        for name, command in sorted(_commands(typer.main.get_command(app), "baken"))
        for line in _section(name, command)
    )
    head = "# Commands\n\nEvery command has `--help`. Figures come as JSON with `--json`.\n"
    return f"{head}\n{sections}"


def _commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


def _section(name: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    yield f"## `{name}`{''.join(f' {_metavar(one)}' for one in arguments)}"
    yield ""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        yield textwrap.fill(" ".join(paragraph.split()), _WIDTH)
        yield ""
    explained = {_metavar(one): one for one in arguments if one.help}
    explained |= {one.opts[0]: one for one in options if one.name != "help"}
    for shown, one in explained.items():
        yield textwrap.fill(
            f"- `{shown}`: {_help(one)}", _WIDTH, subsequent_indent="  ",
            break_on_hyphens=False,
        )  # fmt: skip
    if options:
        yield ""


def _metavar(argument: Any) -> str:
    return f"{argument.name.upper()}{'…' * (argument.nargs == -1)}"


def _help(option: Any) -> str:
    default = getattr(option.default, "value", option.default)
    if option.required or default in (None, False, True):
        return str(option.help)
    shown = f"{default:,}" if isinstance(default, int | float) else str(default)
    return f"{option.help.rstrip('.')}; default {shown}."


if __name__ == "__main__":
    sys.stdout.write(commands_page().rstrip() + "\n")
