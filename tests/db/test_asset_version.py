"""The version of the assets changes with them, and the index made from them is kept until then."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from django.db import connection, transaction

from baken.constituency.models import Asset, Organisation
from baken.constituency.selectors import asset_version, versioned_assets
from baken.jobs.matchers import current_index
from baken.settings.environment import Settings, read_settings

pytestmark = pytest.mark.django_db


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return dataclasses.replace(read_settings(os.environ), home=tmp_path)


def register(value: str) -> Asset:
    organisation, _ = Organisation.objects.get_or_create(reference="a", name="A")
    return Asset.objects.create(
        organisation=organisation, kind=Asset.Kind.NETWORK, value=value, network=value
    )


def test_every_way_of_changing_an_asset_changes_the_version() -> None:
    versions = [asset_version()]
    asset = register("192.0.2.0/24")
    versions.append(asset_version())
    Asset.objects.filter(pk=asset.pk).update(value="192.0.2.0/25", network="192.0.2.0/25")
    versions.append(asset_version())
    asset.delete()
    versions.append(asset_version())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE constituency_asset CASCADE")
    versions.append(asset_version())
    assert len(set(versions)) == len(versions)


def test_what_is_rolled_back_changes_nothing() -> None:
    before = asset_version()
    with transaction.atomic():
        register("192.0.2.0/24")
        transaction.set_rollback(True)
    assert asset_version() == before


def test_the_index_is_kept_until_the_assets_change(settings: Settings) -> None:
    register("192.0.2.0/24")
    current_index(settings)
    (kept,) = (settings.home / "index").iterdir()
    assert kept.name == f"{asset_version()}.arrow"
    written = kept.stat().st_mtime_ns
    assert current_index(settings).holders.ids.size == 2
    assert kept.stat().st_mtime_ns == written
    register("198.51.100.0/24")
    assert current_index(settings).holders.ids.size == 4
    assert [path.name for path in kept.parent.iterdir()] == [f"{asset_version()}.arrow"]


def test_a_damaged_index_file_is_made_anew(settings: Settings) -> None:
    register("192.0.2.0/24")
    current_index(settings)
    (kept,) = (settings.home / "index").iterdir()
    kept.write_bytes(kept.read_bytes()[:1_000])
    assert current_index(settings).holders.ids.size == 2
    kept.write_bytes(b"")
    assert current_index(settings).holders.ids.size == 2


def test_without_a_place_to_keep_it_the_index_still_serves(settings: Settings) -> None:
    register("192.0.2.0/24")
    (settings.home / "index").write_text("a file where the folder should be")
    assert current_index(settings).holders.ids.size == 2


def test_the_assets_are_those_of_the_version() -> None:
    register("192.0.2.0/24")
    version, assets = versioned_assets()
    assert (version, assets.num_rows) == (asset_version(), 1)
