"""The matcher for the constituency as it is now; its index is kept between commands."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from baken.constituency.selectors import asset_version, versioned_assets
from baken.core.errors import OutputRefusedError
from baken.matching.array_matcher import ArrayMatcher
from baken.matching.asset_index import AssetIndex, build_index
from baken.settings.environment import Settings

log = logging.getLogger(__name__)


def current_matcher(settings: Settings) -> ArrayMatcher:
    """A matcher for the assets that the database holds now."""
    return versioned_matcher(settings)[1]


def versioned_matcher(settings: Settings) -> tuple[UUID, ArrayMatcher]:
    """`current_matcher` with the version of the assets that it knows."""
    version, index = _versioned_index(settings)
    return version, ArrayMatcher(index)


def current_index(settings: Settings) -> AssetIndex:
    """The index of the assets that the database holds now: from its file, or made anew.

    Two processes may make it at once: each makes the whole of it, and either may be kept.
    """
    return _versioned_index(settings)[1]


def _versioned_index(settings: Settings) -> tuple[UUID, AssetIndex]:
    folder = settings.home / "index"
    now = asset_version()
    kept = AssetIndex.open(_path(folder, str(now)))
    if kept is not None:
        return now, kept
    version, assets = versioned_assets()
    index = build_index(assets, as_of=datetime.now(UTC))
    _keep(index, folder, version=str(version))
    return version, index


def current_index_file(settings: Settings) -> Path:
    """The file of `current_index`. Raises `OutputRefusedError` when it cannot be kept."""
    current_index(settings)
    path = _path(settings.home / "index", str(asset_version()))
    if not path.is_file():
        raise OutputRefusedError(
            f"The asset index cannot be written to {path}.",
            remedy="Check that BAKEN_HOME can be written to and has room.",
        )
    return path


def _keep(index: AssetIndex, folder: Path, *, version: str) -> None:
    """Write the index for the next command, and remove those of earlier versions."""
    path = _path(folder, version)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        index.save(path)
        for other in folder.iterdir():
            if other != path:
                other.unlink(missing_ok=True)
    except OSError as error:
        # The index in memory serves this command as well; the next one makes its own.
        log.warning("The asset index could not be kept: %s", error.strerror)


def _path(folder: Path, version: str) -> Path:
    return folder / f"{version}.arrow"
