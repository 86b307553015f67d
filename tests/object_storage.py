"""An S3-compatible server on loopback, for tests: moto's, spoken to over HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import s3fs
from moto.server import ThreadedMotoServer

KEY, SECRET = "a-key", "a-secret"
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Bucket:
    """An empty bucket, and where its server listens."""

    endpoint: str
    name: str

    @property
    def url(self) -> str:
        """The bucket as ``BAKEN_STORE_URL`` names it, with a prefix."""
        return f"s3://{self.name}/store"

    def files(self) -> s3fs.S3FileSystem:
        """The bucket as its owner sees it."""
        return s3fs.S3FileSystem(
            key=KEY,
            secret=SECRET,
            endpoint_url=self.endpoint,
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def environment(self) -> dict[str, str]:
        """The settings under which Baken keeps its store here."""
        return {
            "BAKEN_STORE_URL": self.url,
            "BAKEN_STORE_S3_ENDPOINT": self.endpoint,
            "BAKEN_STORE_S3_KEY": KEY,
            "BAKEN_STORE_S3_SECRET": SECRET,
        }


@contextmanager
def s3_server() -> Iterator[str]:
    """A server with nothing in it; gives its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def make_bucket(endpoint: str) -> Bucket:
    """A new bucket on the server at `endpoint`."""
    bucket = Bucket(endpoint, f"baken-{next(_NUMBERS)}")
    bucket.files().mkdir(bucket.name)
    return bucket
