"""The PostgreSQL servers that tests run on: the embedded one, or Debian's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

DEBIAN_SERVERS = Path("/usr/lib/postgresql")


def debian_server_folder() -> Path | None:
    """The folder with the newest of Debian's PostgreSQL programs, 15 or newer, or None."""
    found = [
        folder / "bin"
        for folder in DEBIAN_SERVERS.glob("*")
        if folder.name.isdigit() and int(folder.name) >= 15 and (folder / "bin/initdb").exists()
    ]
    return max(found, key=lambda folder: int(folder.parent.name), default=None)


class DebianServer:
    """One server of Debian's packages in a folder of its own, on a socket only."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="baken-debian-pg-"))
        self.data = self.folder / "data"
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")

    @property
    def url(self) -> str:
        """The address of the database that the tests start from."""
        return f"postgresql://postgres@/postgres?host={quote(str(self.folder), safe='')}"

    def start(self) -> None:
        """Make the cluster and start it; returns when it takes connections."""
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "-U", "postgres", "-D", self.data)
        options = f"-h '' -k {self.folder} -c fsync=off"
        log = self.folder / "log"
        self._run("pg_ctl", "-w", "-D", self.data, "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """Stop it and remove its folder."""
        self._run("pg_ctl", "-w", "-m", "immediate", "-D", self.data, "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [str(self.programs / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder)
