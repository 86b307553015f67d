"""When what is refused is taken as our own fault: everybody gets it, whatever the reply says."""

from __future__ import annotations

from typing import Final

from baken.core.errors import About
from baken.outbox.deliveries import Done
from baken.outbox.models import Delivery

_MOST_IN_VAIN: Final = 20
"""So many in a row are not taken before the fault is ours, whoever receives for them."""
_MOST_REFUSED_FIRST: Final = 10
"""So many addresses at the start of a run are enough, at `_PROVIDERS` providers at least."""
_PROVIDERS: Final = 2
_PROBED_AFTER: Final = 5
"""So many in a row: from then on others are tried rather than the most urgent."""
_SHARE_TAKEN: Final = 0.1
"""Of `_MOST_IN_VAIN` or more, more than this is taken, or the fault is ours."""
_OF_SOMEBODY: Final = frozenset({About.US.value, About.MAILBOX.value})


class Suspicion:
    """What the answers of one run say about our own side, one after another.

    An answer that only puts off for a while, such as greylisting, says nothing.
    """

    def __init__(self) -> None:
        self.in_a_row = 0
        """Not taken since anything was."""
        self.has_taken = False
        """Whether anything was taken in this run."""
        self.is_our_fault = False
        self._tried = 0
        self._taken = 0
        self._addresses: set[str] = set()
        self._providers: set[str] = set()

    @property
    def is_to_probe(self) -> bool:
        """Whether so many were turned down in a row that others are to be tried."""
        return self.in_a_row >= _PROBED_AFTER

    def weigh(self, one: Done) -> None:
        """Take note of one answer."""
        if one.state is Delivery.State.ACCEPTED:
            self.has_taken = True
            self._taken += 1
            self.in_a_row = 0
            self._addresses.clear()
            self._providers.clear()
        elif one.state is Delivery.State.REFUSED or one.about in _OF_SOMEBODY:
            self.in_a_row += 1
            self._addresses.add(one.address.lower())
            self._providers.add(one.provider)
        else:
            return
        self._tried += 1
        self.is_our_fault = self.is_our_fault or self._are_too_many()

    def _are_too_many(self) -> bool:
        is_at_the_start = (
            not self.has_taken
            and len(self._addresses) >= _MOST_REFUSED_FIRST
            and len(self._providers) >= _PROVIDERS
        )
        is_of_most = self._tried >= _MOST_IN_VAIN and self._taken <= _SHARE_TAKEN * self._tried
        return is_at_the_start or self.in_a_row >= _MOST_IN_VAIN or is_of_most
