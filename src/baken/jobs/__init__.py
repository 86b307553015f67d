"""The work that runs by itself or at a command: thin tasks that choose adapters and call a service.

`ingestion` takes reports in, `feed_choice` says whose they are, `sending` plans and hands over,
`retention` keeps the store to its days, `rounds` does all of it once, `looking_back` matches the
store again, or looks back over it for a threat.
"""

from enum import StrEnum


class EngineName(StrEnum):
    """Where large work is done: on this machine, or on a Spark cluster."""

    LOCAL = "local"
    SPARK = "spark"
