"""A Spark cluster of this machine's own: one master and two workers, each a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO

START_SECONDS = 90
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"


class SparkCluster:
    """One master, two workers of one core each, on loopback."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="baken-spark-"))
        self.master_url = ""
        self.workers: list[subprocess.Popen[bytes]] = []
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start all three; returns when both workers have registered."""
        self._run("master", MASTER, "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        self.master_url = self._wait("master", r"Starting Spark master at (spark://\S+)")
        for name in ("worker-1", "worker-2"):
            self.add_worker(name)

    def add_worker(self, name: str) -> None:
        """One more worker."""
        worker = self._run(
            name, WORKER, "--host", "127.0.0.1", "--webui-port", "0", "--cores", "1",
            "--memory", "1g", "--work-dir", str(self.folder / f"{name}-work"), self.master_url,
        )  # fmt: skip
        self.workers.append(worker)
        self._wait(name, r"Successfully registered with master (\S+)")

    def kill_worker(self) -> None:
        """End one worker and all that it started, at once and without a word."""
        worker = self.workers.pop()
        executors = _descendants(worker.pid)
        for process in (worker.pid, *executors):
            os.kill(process, signal.SIGKILL)
        worker.wait()

    def stop(self) -> None:
        """End everything that was started."""
        for process in reversed(self._processes):
            for child in _descendants(process.pid):
                _end(child)
            process.kill()
            process.wait()

    def _run(self, name: str, class_name: str, *arguments: str) -> subprocess.Popen[bytes]:
        spec = find_spec("pyspark")
        assert spec is not None
        assert spec.submodule_search_locations
        home = spec.submodule_search_locations[0]
        environment = {
            **os.environ, "SPARK_HOME": home, "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable, "SPARK_DAEMON_MEMORY": "256m",
            "PYTHONPATH": os.pathsep.join(sys.path),  # workers find what a test hands them
        }  # fmt: skip
        log: IO[bytes] = self._log(name).open("wb")
        process = subprocess.Popen(
            [f"{home}/bin/spark-class", class_name, *arguments],
            env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder,
        )  # fmt: skip
        log.close()
        self._processes.append(process)
        return process

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _wait(self, name: str, pattern: str) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = re.search(pattern, self._log(name).read_text(errors="replace"))
            if found:
                return found[1]
            time.sleep(0.2)
        raise TimeoutError(self._log(name).read_text(errors="replace")[-2_000:])


def _descendants(process: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            if parent == process:
                child = int(folder.name)
                found += [child, *_descendants(child)]
    return found


def _end(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return
