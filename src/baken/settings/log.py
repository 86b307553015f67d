"""The log: one fact a line on the standard error, with ids and counts and never an address."""

from __future__ import annotations

import logging
import sys
from enum import StrEnum
from typing import Any

import structlog


class LogLevel(StrEnum):
    """How much the log says."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def configure_log(level: LogLevel) -> None:
    """Log what is at least `level`."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=number)  # what libraries say
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(
                key_order=["timestamp", "level", "event"], drop_missing=True
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_to_standard_error,
    )


def _to_standard_error(*_: Any) -> structlog.PrintLogger:
    # Looked up for each line: the caller may have replaced the stream.
    return structlog.PrintLogger(sys.stderr)
