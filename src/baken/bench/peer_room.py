"""A virtual environment for the programs that Baken is compared with, and an ordinary user."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from baken.settings.environment import read_settings

_INSTALL_SECONDS: Final = 900
_ORDINARY_USER: Final = "nobody"


class PeerLeftOutError(Exception):
    """A peer cannot take part; the message is the reason, as it is printed."""


@dataclass(frozen=True, slots=True)
class PeerRoom:
    """A virtual environment in `folder`, kept from one run to the next."""

    folder: Path

    @property
    def python(self) -> Path:
        """The environment's own Python."""
        return self.program("python")

    def program(self, name: str) -> Path:
        """Where a program of the environment stands, whether or not it does."""
        return self.folder / "bin" / name

    def prepare(self) -> None:
        """Make the environment, unless it is there and works.

        Raises PeerLeftOutError when this Python cannot make one.
        """
        if self._works():
            return
        self._must("make a virtual environment", [sys.executable, "-m", "venv", "--clear",
                                                  str(self.folder)])  # fmt: skip

    def install(self, *requirements: str) -> None:
        """Have `requirements` in the environment; pip's own settings say from where.

        What is there already is not asked for again. Raises PeerLeftOutError with pip's reason.
        """
        wanted = " and ".join(requirements)
        command = [str(self.python), "-m", "pip", "install", "--quiet", *requirements]
        self._must(f"install {wanted}", command)

    def version(self, package: str) -> str:
        """Which version of `package` the environment has."""
        asked = f"import importlib.metadata as m; print(m.version({package!r}))"
        return self._must(f"tell the version of {package}", [str(self.python), "-c", asked]).strip()

    def package_folder(self, package: str) -> Path:
        """Where the files of an installed package stand."""
        asked = f"import importlib.util as u; print(u.find_spec({package!r}).origin)"
        origin = self._must(f"find {package}", [str(self.python), "-c", asked]).strip()
        return Path(origin).parent

    def must_open_to_ordinary_user(self) -> None:
        """Raise PeerLeftOutError unless the ordinary user can run the environment's Python."""
        try:
            subprocess.run([self.python, "-c", ""], check=True, cwd="/", **ordinary_user())
        except (OSError, subprocess.CalledProcessError) as error:
            raise PeerLeftOutError(
                f"it must not run as root, and {_ORDINARY_USER} cannot run {self.python}; "
                "set BAKEN_HOME to a folder that others may read, or be an ordinary user"
            ) from error

    def _works(self) -> bool:
        try:
            done = subprocess.run(
                [self.python, "-m", "pip", "--version"], capture_output=True, check=False
            )
        except OSError:
            return False
        return done.returncode == 0

    def _must(self, what: str, command: list[str]) -> str:
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PeerLeftOutError(f"could not {what}: {error}") from error
        if done.returncode != 0:
            raise PeerLeftOutError(f"could not {what}: {_reason(done.stderr or done.stdout)}")
        return done.stdout


def peer_room(environment: Mapping[str, str]) -> PeerRoom:
    """The room in BAKEN_HOME where that is set, else in the platform's folder for caches.

    Root's is the machine's, for an ordinary user runs programs from it.
    """
    if "BAKEN_HOME" in environment:
        return PeerRoom(read_settings(environment).home / "bench" / "peers")
    caches = platformdirs.site_cache_path if os.geteuid() == 0 else platformdirs.user_cache_path
    return PeerRoom(caches("baken") / "bench" / "peers")


def ordinary_user() -> dict[str, Any]:
    """What `subprocess` must be told so that a program does not run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(_ORDINARY_USER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def give_to_ordinary_user(folder: Path) -> None:
    """Let the ordinary user own `folder` and all in it."""
    owner = ordinary_user()
    if owner:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner["user"], owner["group"])


def _reason(output: str) -> str:
    """The last line that says something; pip marks its errors, and hints come after them."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error:")]
    return (errors or lines or ["it said nothing"])[-1]
