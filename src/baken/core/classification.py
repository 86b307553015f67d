"""How serious a thing is and who may know: RSIT class, severity, TLP 2.0, likelihood × impact.

Sources: the Reference Security Incident Taxonomy (RSIT) and FIRST's Traffic Light Protocol 2.0.
The severity levels are the five that daily report feeds use.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Severity(IntEnum):
    """How urgent one observation is; ordered, so that ``max`` is the most urgent."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def key(self) -> str:
        """The lower-case name under which it is written in reports and settings."""
        return self.name.lower()

    @classmethod
    def from_key(cls, key: str) -> Severity:
        """The severity named `key`; raises ``KeyError`` for an unknown name."""
        return cls[key.strip().upper()]


class AddressRole(StrEnum):
    """What an address in an observation is: who is told, and how, depends on it."""

    VULNERABLE = "vulnerable"
    VICTIM = "victim"
    ABUSED = "abused"
    ATTACKER_CONTROLLED = "attacker-controlled"
    UNKNOWN = "unknown"


class Tlp(StrEnum):
    """A TLP 2.0 label. Labels are never translated; compare with `rank`."""

    CLEAR = "TLP:CLEAR"
    GREEN = "TLP:GREEN"
    AMBER = "TLP:AMBER"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    RED = "TLP:RED"

    @property
    def rank(self) -> int:
        """0 for the widest audience (CLEAR) up to 4 for the narrowest (RED)."""
        return _RANKS[self]


_RANKS = {label: rank for rank, label in enumerate(Tlp)}


class Level(IntEnum):
    """One axis of a threat's rating: its likelihood (*kans*) or its impact (*schade*)."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def key(self) -> str:
        """The lower-case name used in settings and files."""
        return self.name.lower()


def justifies_unasked_warning(*, likelihood: Level, impact: Level) -> bool:
    """Whether a threat is serious enough to warn organisations that did not sign up.

    Only high likelihood with high impact does.
    """
    return likelihood is Level.HIGH and impact is Level.HIGH


RSIT_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "spam": "abusive-content",
        "harmful-speech": "abusive-content",
        "violence": "abusive-content",
        "infected-system": "malicious-code",
        "c2-server": "malicious-code",
        "malware-distribution": "malicious-code",
        "malware-configuration": "malicious-code",
        "scanner": "information-gathering",
        "sniffing": "information-gathering",
        "social-engineering": "information-gathering",
        "ids-alert": "intrusion-attempts",
        "brute-force": "intrusion-attempts",
        "exploit": "intrusion-attempts",
        "privileged-account-compromise": "intrusions",
        "unprivileged-account-compromise": "intrusions",
        "application-compromise": "intrusions",
        "system-compromise": "intrusions",
        "burglary": "intrusions",
        "dos": "availability",
        "ddos": "availability",
        "misconfiguration": "availability",
        "outage": "availability",
        "sabotage": "availability",
        "unauthorised-information-access": "information-content-security",
        "unauthorised-information-modification": "information-content-security",
        "data-loss": "information-content-security",
        "data-leak": "information-content-security",
        "unauthorised-use-of-resources": "fraud",
        "copyright": "fraud",
        "masquerade": "fraud",
        "phishing": "fraud",
        "weak-crypto": "vulnerable",
        "ddos-amplifier": "vulnerable",
        "potentially-unwanted-accessible": "vulnerable",
        "information-disclosure": "vulnerable",
        "vulnerable-system": "vulnerable",
        "dga-domain": "other",
        "blocklist": "other",
        "other": "other",
        "undetermined": "other",
        "test": "test",
    }
)
"""Every RSIT type with the class it belongs to."""
