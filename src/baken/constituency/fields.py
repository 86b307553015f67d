"""Column types of PostgreSQL that Django has no field for."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.db import models


class CidrField(models.Field):  # type: ignore[type-arg]  # generic in the stubs only
    """A network as PostgreSQL's ``cidr``; in Python an `ipaddress` network or its text."""

    description = "IP network"

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 - Django's signature
        """The type of the column."""
        return "cidr"

    def get_prep_value(self, value: Any) -> str | None:
        """The network as text, which PostgreSQL casts."""
        return None if value is None else str(value)

    def to_python(self, value: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
        """The network; raises ``ValueError`` when `value` is not one."""
        return None if value is None else ipaddress.ip_network(value)
