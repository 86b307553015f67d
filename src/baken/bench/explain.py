"""How long an explanation takes among a nation's cases: of an address, a name, an organisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction

from baken.bench import timed
from baken.bench.cases import make_cases, observed_matches
from baken.bench.database import register
from baken.cases.models import Case
from baken.core.classification import Severity, Tlp
from baken.core.language import Language
from baken.core.policy import Policy
from baken.core.routes import Carries
from baken.explaining.subjects import explain, explanation_lines
from baken.explaining.words import words_in
from baken.matching.array_matcher import ArrayMatcher
from baken.matching.asset_index import build_index
from baken.occasions.services import ensure_standing_occasions
from baken.outbox.models import Delivery, Notification
from baken.outbox.services import plan_notifications
from baken.specimen.nation import NOW, Nation, found_nation

_SEED: Final = 1
_MATCHES_A_CASE: Final = 1.3
_SHOWN: Final = 20
_TOLD_SHARE: Final = 10
"""One case in so many was there when warnings were planned."""
_WARM_UP: Final = 5
_NAME_OF_MANY: Final = "operator.example"
"""Below it stand the names of a third of all hosts."""
_POLICY: Final = Policy(minimum_severity=Severity.MEDIUM, channels={"mail": Carries()})

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Answers:
    """How long it took to explain subjects of one sort."""

    most_cases: int
    """How many cases the subject with most of them has, of those that were looked at."""
    seconds: Sequence[float] = field(repr=False)

    def percentile_ms(self, percent: int) -> float:
        """So many in a hundred took no longer."""
        return round(float(np.percentile(self.seconds, percent)) * 1000, 1)

    def as_json(self) -> dict[str, int | float]:
        """The figures as they are printed."""
        return {
            "asked": len(self.seconds),
            "most_cases": self.most_cases,
            "p50_ms": self.percentile_ms(50),
            "p95_ms": self.percentile_ms(95),
            "max_ms": self.percentile_ms(100),
        }


@dataclass(frozen=True, slots=True)
class ExplainMeasurement:
    """How long explanations took among so many cases, by the sort of what was asked about."""

    cases: int
    cases_told: int
    answers: Mapping[str, Answers]

    def as_json(self) -> dict[str, Any]:
        """The figures as they are printed."""
        return {
            "cases": self.cases,
            "cases_told": self.cases_told,
            "p95_ms": {sort: found.percentile_ms(95) for sort, found in self.answers.items()},
            **{sort: found.as_json() for sort, found in self.answers.items()},
        }


def measure_explain(*, cases: int, each: int, say: Say) -> ExplainMeasurement:
    """Explain `each` subjects of every sort among about `cases` cases, in an empty database.

    What is timed is what `baken explain` does from the question to its lines. Half of the names are
    those of a company, half those of an operator's pool with many below. The organisation and the
    name with most cases are sorts by themselves, asked again and again.
    """
    say(f"Making about {cases:,} cases …")
    fill_nation(cases=cases)
    say("Asking …")
    return ExplainMeasurement(
        cases=Case.objects.count(),
        cases_told=Case.objects.exclude(told_at=None).count(),
        answers={sort: _ask(subjects) for sort, subjects in _subjects(each=each).items()},
    )


def _subjects(*, each: int) -> dict[str, list[str]]:
    chance = np.random.default_rng(_SEED)
    named = list(Case.objects.order_by().exclude(host_name="").values_list("host_name", flat=True))
    counts = Counter(Case.objects.order_by().values_list("organisation__reference", flat=True))
    addresses = Case.objects.order_by().exclude(address=None).values_list("address", flat=True)
    (largest, _), *_ = counts.most_common(1)
    return {
        "address": _drawn([str(one) for one in addresses], each, chance=chance),
        "name": [name.partition(".")[2] for name in _drawn(named, each, chance=chance)],
        "organisation": _drawn(list(counts), each, chance=chance),
        "largest_name": [_NAME_OF_MANY] * each,
        "largest_organisation": [largest] * each,
    }


def _drawn(subjects: Sequence[str], each: int, *, chance: np.random.Generator) -> list[str]:
    return [subjects[place] for place in chance.integers(0, len(subjects), each)]


def _ask(subjects: Sequence[str]) -> Answers:
    words = words_in(Language.EN)
    seconds: list[float] = []
    most = 0
    for what in (*subjects[:_WARM_UP], *subjects):
        with timed() as watch:
            explanation = explain(what, policy=_POLICY, now=NOW, shown=_SHOWN)
            lines = list(explanation_lines(explanation, words))
        assert lines
        seconds.append(watch.seconds)
        most = max(most, len(list(explanation.cases)) + explanation.more)
    return Answers(most, seconds[-len(subjects) :])


def fill_nation(*, cases: int) -> None:
    """Make about `cases` cases of a made-up nation with one large operator; a part of them told."""
    nation = _with_large_operator(found_nation(assets=max(1_000, cases // 20), seed=_SEED))
    register(nation.assets)
    matcher = ArrayMatcher(build_index(nation.assets, as_of=NOW))
    batches, _ = observed_matches(nation, matcher, matches=round(cases * _MATCHES_A_CASE))
    matched = [(batch, matcher.match(batch)) for batch in batches]
    early = max(1, len(matched) // _TOLD_SHARE)
    make_cases(matched[:early], name="today")
    _tell_all()
    make_cases(matched[early:], name="tomorrow")
    with connection.cursor() as cursor:  # as autovacuum does soon after
        cursor.execute("VACUUM ANALYZE")


def _tell_all() -> None:
    """Plan what is to be told, and record that a mail server accepted it."""
    ensure_standing_occasions(feed="shadowserver", tlp=Tlp.AMBER)
    plan_notifications(policy=_POLICY, feed_tlp=Tlp.AMBER, now=NOW)
    with transaction.atomic():
        Delivery.objects.bulk_create(
            Delivery(
                notification_id=pk,
                attempt=1,
                channel="mail",
                message_id=f"{pk}@baken.example",
                state=Delivery.State.ACCEPTED,
                started_at=NOW,
                finished_at=NOW,
            )
            for pk in Notification.objects.order_by().values_list("pk", flat=True)
        )
        Notification.objects.update(state=Notification.State.ACCEPTED)


def _with_large_operator(nation: Nation) -> Nation:
    """The nation, and one more organisation that holds an eighth of all addresses or more."""
    first, end = nation.space
    bits = ((end - first) // 4).bit_length() - 1
    asset = dict.fromkeys(nation.assets.column_names) | {
        "asset_id": pc.max(nation.assets["asset_id"]).as_py() + 1,
        "organisation_id": pc.max(nation.assets["organisation_id"]).as_py() + 1,
        "kind": "network",
        "network": f"{first >> 24}.0.0.0/{32 - bits}",
    }
    row = pa.Table.from_pylist([asset], schema=nation.assets.schema)
    return replace(nation, assets=pa.concat_tables([nation.assets, row]))
