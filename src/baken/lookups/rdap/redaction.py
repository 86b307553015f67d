"""What an RDAP answer says that it redacted (RFC 9537): whose contact data is not the real one.

Only what still stands in the answer matters: by the methods *emptyValue*, *partialValue* and
*replacementValue* something stands there that is not what was registered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from baken.core.text import one_line

_MOST_READ: Final = 200
_LONGEST_READ: Final = 300
_EVERYBODY: Final = ""

# The names that IANA registered, and the same in words where nothing is registered.
_ROLES: Final = MappingProxyType(
    {
        "registrant": "registrant",
        "tech": "technical",
        "technical": "technical",
        "admin": "administrative",
        "administrative": "administrative",
        "billing": "billing",
    }
)
_PARTS: Final = MappingProxyType(
    {
        "name": "name",
        "organization": "organisation",
        "street": "address",
        "city": "address",
        "postal": "address",
        "state": "address",
        "phone": "telephone",
        "fax": "telephone",
        "email": "mail",
    }
)
_PROPERTIES: Final = MappingProxyType(
    {
        "fn": "name",
        "n": "name",
        "org": "organisation",
        "adr": "address",
        "tel": "telephone",
        "email": "mail",
        "e-mail": "mail",
        "contact-uri": "form",
    }
)
_ROLE_IN_PATH: Final = re.compile(r"roles(?:\[\d+\]|\.\*)?\s*==\s*['\"](\w+)['\"]")
_PROPERTY_IN_PATH: Final = re.compile(r"@\[0\]\s*==\s*['\"]([\w-]+)['\"]")
_VOICE_IN_PATH: Final = re.compile(r"type\s*==\s*['\"](?:voice|fax|cell)['\"]")


@dataclass(frozen=True, slots=True)
class Redactions:
    """Which parts of whose card are not what was registered."""

    _changed: frozenset[tuple[str, str]] = frozenset()
    _said: frozenset[str] = frozenset()

    def has_changed(self, part: str, *, roles: frozenset[str]) -> bool:
        """Whether `part` of somebody with `roles` stands there in another form.

        `part` is "name", "organisation", "address", "telephone", "mail" or "form".
        """
        return any((role, part) in self._changed for role in (*roles, _EVERYBODY))

    def texts_of(self, *, roles: frozenset[str]) -> Iterator[str]:
        """What was redacted of somebody with `roles`, in the answer's words; sorted."""
        for text in sorted(self._said):
            if any(_ROLES.get(word) in roles for word in text.lower().split()):
                yield text


def read_redactions(written: object) -> Redactions:
    """The member `redacted` of an answer, as JSON was decoded."""
    changed: set[tuple[str, str]] = set()
    said: set[str] = set()
    for one in written[:_MOST_READ] if isinstance(written, list) else ():
        if not isinstance(one, dict):
            continue
        name = _name_of(one)
        if name:
            said.add(name)
        if one.get("method") == "removal":
            continue
        paths = " ".join(
            path[:_LONGEST_READ]
            for path in (one.get("prePath"), one.get("postPath"), one.get("replacementPath"))
            if isinstance(path, str)
        )
        changed.update(_parts_of(name, paths))
    return Redactions(frozenset(changed), frozenset(said))


def _name_of(one: dict[object, object]) -> str:
    name = one.get("name")
    if not isinstance(name, dict):
        return ""
    text = name.get("type") or name.get("description")
    return one_line(text[:_LONGEST_READ]) if isinstance(text, str) else ""


def _parts_of(name: str, paths: str) -> Iterator[tuple[str, str]]:
    words = name.lower().split()
    roles = {_ROLES[word] for word in words if word in _ROLES}
    roles.update(role.lower() for role in _ROLE_IN_PATH.findall(paths))
    parts = {_PARTS[word] for word in words if word in _PARTS}
    parts.update(_PROPERTIES.get(found.lower(), "") for found in _PROPERTY_IN_PATH.findall(paths))
    if _VOICE_IN_PATH.search(paths):
        parts.add("telephone")
    for part in parts - {""}:
        for role in roles or {_EVERYBODY}:
            yield role, part
