"""Where the store is, as the environment says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from baken.core.errors import SettingsError
from baken.settings.environment import read_settings


def test_without_an_address_the_store_is_under_home() -> None:
    settings = read_settings({"BAKEN_HOME": "/var/lib/baken of ours"})
    assert settings.store_url == "file:///var/lib/baken%20of%20ours/store"


def test_the_secret_may_come_from_a_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open sesame\n")
    settings = read_settings(
        {
            "BAKEN_STORE_URL": "s3://baken/store",
            "BAKEN_STORE_S3_KEY": "a-key",
            "BAKEN_STORE_S3_SECRET_FILE": str(tmp_path / "secret"),
        }
    )
    assert settings.store_s3.secret == "open sesame"
    assert "sesame" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "/var/lib/baken/store",
        "file://host/store",
        "file:store",
        "s3:///store",
        "https://s3.example.nl/baken",
        "s3://key:secret@baken/store",
        "s3://baken/store?versionId=1",
    ],
)
def test_an_address_that_is_no_folder_and_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="BAKEN_STORE_URL"):
        read_settings({"BAKEN_STORE_URL": url})


def test_a_server_is_named_by_a_web_address() -> None:
    with pytest.raises(SettingsError, match="BAKEN_STORE_S3_ENDPOINT"):
        read_settings({"BAKEN_STORE_S3_ENDPOINT": "s3.example.nl"})
