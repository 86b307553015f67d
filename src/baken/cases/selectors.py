"""Reads cases: those under an occasion, those to decide about, those about a system."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, reduce
from operator import or_
from typing import Any, Final

import psycopg
from django.db import connection
from django.db.models import BooleanField, Count, ExpressionWrapper, F, Func, Q, QuerySet, Value
from django.db.models.expressions import Combinable

from baken.cases.matching_again import matched_assets
from baken.cases.models import Case
from baken.cases.names import label_by_label, range_below
from baken.constituency.selectors import asset_version, is_registered
from baken.core.answers import Answer, AnswerKind
from baken.core.classification import AddressRole, Severity, Tlp
from baken.core.policy import CaseFacts, Policy
from baken.core.sharing import SharingTerms
from baken.intake.selectors import NewestDays, newest_received_days
from baken.matching import MatchRule
from baken.occasions.models import Occasion


def are_cases_matched() -> bool:
    """Whether all open cases were matched against the assets of now."""
    return matched_assets() == asset_version()


def cases_under(occasion: Occasion) -> QuerySet[Case]:
    """The cases that `occasion` selects; an empty list in the selection leaves that side open."""
    selection = Q()
    if occasion.finding_kinds:
        selection &= Q(finding_kind__in=occasion.finding_kinds)
    if occasion.cves:
        selection &= Q(cves__overlap=occasion.cves)
    if occasion.severities:
        selection &= Q(severity__in=occasion.severities)
    if occasion.feeds:
        selection &= Q(feed__in=occasion.feeds)
    if occasion.products:
        selection &= reduce(or_, (Q(product__icontains=text) for text in occasion.products))
    return Case.objects.filter(selection)


def is_covered_by(case: Case, occasion: Occasion) -> bool:
    """Whether `occasion` selects `case`; the same rule as `cases_under`, over one value."""
    return occasion.selection.covers(
        finding_kind=case.finding_kind,
        cves=case.cves,
        severity=case.severity,
        feed=case.feed,
        product=case.product,
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an occasion covers now."""

    open_cases: int
    organisations: int


def coverage_of(occasion: Occasion) -> Coverage:
    """The open cases that `occasion` selects, and how many organisations own the systems."""
    covered = cases_under(occasion).filter(state=Case.State.OPEN, relation=Case.Relation.OWNER)
    counts = covered.aggregate(cases=Count("pk"), who=Count("organisation", distinct=True))
    return Coverage(open_cases=counts["cases"], organisations=counts["who"])


def organisations_with_cases_since(organisation_ids: Collection[int], moment: datetime) -> set[int]:
    """Those of these organisations with a case that is open, or was seen or closed since then."""
    lately = Q(last_seen_at__gte=moment) | Q(gone_at__gte=moment) | Q(state=Case.State.OPEN)
    mine = Case.objects.filter(lately, organisation__in=organisation_ids).order_by()
    return set(mine.values_list("organisation_id", flat=True).distinct())


def case_facts(case: Case, *, newest_days: NewestDays, is_told_here: bool = True) -> CaseFacts:
    """What the verdict looks at; `case.organisation` and `case.asset` should be loaded.

    `newest_days` are those of `newest_received_days`, asked once for many cases.
    `is_told_here` is whether it was told before under the occasion that is asked about.
    """
    asset = case.asset
    return _facts(
        case.has_news, case.relation, case.state, case.tlp, case.severity, case.last_seen_at,
        case.reopened_at, case.told_at, case.told_severity, case.feed, case.report_type,
        case.address_role, case.organisation.standing, case.organisation.rhythm, case.rule,
        None if asset is None else asset.kind,
        None if asset is None else asset.valid_from,
        None if asset is None else asset.valid_until,
        case.answer, case.answered_at, case.answer_until,
        newest_days=newest_days, is_told_here=is_told_here,
    )  # fmt: skip


def fact_columns(prefix: str = "") -> tuple[str | Combinable, ...]:
    """What `facts_of_row` takes, in its order, as ``values_list`` of the ORM reads it.

    From a case, or with `prefix` (``case__``) from a row that points to one.
    """
    has_news = Q(**{f"{prefix}told_at__isnull": False}) & ~Q(
        **{f"{prefix}news__contained_by": F(f"{prefix}told_news")}
    )
    return (
        ExpressionWrapper(has_news, output_field=BooleanField()),
        *(f"{prefix}{name}" for name in _FACTS),
    )


def facts_of_row(row: Sequence[Any], *, newest_days: NewestDays) -> CaseFacts:
    """What the verdict looks at of a case, from the values of `fact_columns`."""
    return _facts(*row, newest_days=newest_days, is_told_here=True)


@dataclass(frozen=True, slots=True)
class CaseToDecide:
    """A case as far as planning needs it."""

    id: int
    organisation_id: int
    facts: CaseFacts


_ALL: Final = Q()


def cases_to_decide(
    occasion: Occasion,
    *,
    policy: Policy,
    now: datetime,
    told_here: Collection[int] | None,
    among: Q = _ALL,
) -> Iterator[CaseToDecide]:
    """The cases under `occasion` that the verdict might tell, by organisation.

    `told_here` are those that were told under it before; None where that does not matter. `among`
    narrows them further. Cases about which the verdict would be silent anyway are not read. Call it
    after `hold_cases`, so that nobody else writes a case.
    """
    cases = (
        cases_under(occasion)
        .filter(
            among,
            state=Case.State.OPEN,
            relation=Case.Relation.OWNER,
            severity__gte=Severity.INFO if occasion.is_threat else policy.minimum_severity,
            last_seen_at__gte=now - policy.oldest_told,
        )
        .order_by("organisation_id", "id")
    )
    # A hundred thousand cases as objects of the ORM take seconds, as values a fraction of one.
    newest_days = newest_received_days()
    wanted = cases.values_list("id", "organisation_id", *fact_columns())
    for case_id, organisation_id, *row in _values_in_binary(wanted):
        is_told_here = told_here is None or case_id in told_here
        facts = _facts(*row, newest_days=newest_days, is_told_here=is_told_here)
        yield CaseToDecide(case_id, organisation_id, facts)


def _values_in_binary(rows: QuerySet[Any, Any]) -> Iterator[tuple[Any, ...]]:
    """The values of `rows` as PostgreSQL holds them: times without making and reading text."""
    connection.ensure_connection()
    # Django's own cursors bind values on our side, and such a cursor cannot ask for binary.
    statement = psycopg.ClientCursor(connection.connection).mogrify(*rows.query.sql_with_params())
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement.encode(), binary=True)
        while portion := cursor.fetchmany(_ROWS_AT_ONCE):
            yield from portion


_FACTS: Final = (
    "relation", "state", "tlp", "severity", "last_seen_at", "reopened_at", "told_at",
    "told_severity", "feed", "report_type", "address_role", "organisation__standing",
    "organisation__rhythm", "rule", "asset__kind", "asset__valid_from", "asset__valid_until",
    "answer", "answered_at", "answer_until",
)  # fmt: skip
"""What `_facts` takes after `has_news`, in its order, as the ORM names it from a case. The asset's
kind says whether the asset still exists. Its id does not: the case keeps that."""
_STILL_CURRENT: Final = timedelta(days=3)
"""A system that was seen so long before the newest day of its report type may be there still: not
each look finds everything."""
_ROWS_AT_ONCE: Final = 2_000
_SEVERITIES: Final = {severity.value: severity for severity in Severity}
_ROLES: Final = {role.value: role for role in AddressRole}
_TERMS: Final = {label.value: SharingTerms(label=label) for label in Tlp}


def _facts(
    has_news: bool,
    relation: str,
    state: str,
    tlp: str,
    severity: int,
    last_seen_at: datetime,
    reopened_at: datetime | None,
    told_at: datetime | None,
    told_severity: int | None,
    feed: str,
    report_type: str,
    address_role: str,
    standing: str,
    rhythm: str,
    rule: str,
    asset_kind: str | None,
    valid_from: datetime | None,
    valid_until: datetime | None,
    answer: str,
    answered_at: datetime | None,
    answer_until: datetime | None,
    *,
    newest_days: NewestDays,
    is_told_here: bool,
) -> CaseFacts:
    """The one place where what the database holds of a case becomes what the verdict looks at."""
    newest = newest_days.get((feed, report_type))
    return CaseFacts(
        severity=_SEVERITIES[severity],
        is_owner=relation == Case.Relation.OWNER,
        is_held=rule == MatchRule.DISCOVERED
        or (
            asset_kind is not None
            and (valid_from is None or valid_from <= last_seen_at)
            and (valid_until is None or last_seen_at < valid_until)
        ),
        is_gone=state == Case.State.GONE,
        is_looked_at=state != Case.State.NOT_LOOKED_AT,
        is_registered=is_registered(standing),
        last_seen_at=last_seen_at,
        reopened_at=reopened_at,
        told_at=told_at,
        told_severity=None if told_severity is None else _SEVERITIES[told_severity],
        is_told_here=is_told_here,
        has_news=has_news,
        is_current=is_current(last_seen_at, newest),
        terms=_TERMS[tlp],
        feed=feed,
        rhythm=rhythm,
        role=_ROLES[address_role],
        answer=None
        if answered_at is None
        else Answer(AnswerKind(answer), answered_at, answer_until),
    )


def is_current(last_seen_at: datetime, newest_day: date | None) -> bool:
    """Whether it was seen on the newest day of which its report type came, or shortly before."""
    return newest_day is None or _begin_of(newest_day) - last_seen_at <= _STILL_CURRENT


@cache
def _begin_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def cases_in_order(ids: Sequence[int]) -> list[Case]:
    """The cases with these ids, in this order, with organisation and asset."""
    found = Case.objects.select_related("organisation", "asset").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def cases_of_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> QuerySet[Case]:
    """The cases about one address, or about a network that it lies in, newest first."""
    is_about = Q(address=str(address)) | _is_around(ipaddress.ip_network(address))
    found = Case.objects.filter(is_about).select_related("organisation", "asset")
    return found.order_by("-last_seen_at", "organisation_id")


def cases_in_network(network: str) -> QuerySet[Case]:
    """The cases about what lies in `network` (CIDR), or around it, most urgent first."""
    is_about = _IsIn(F("address"), Value(network)) | _is_around(ipaddress.ip_network(network))
    found = Case.objects.filter(is_about).select_related("organisation", "asset")
    return found.order_by("-severity", "-last_seen_at")


class _IsIn(Func):
    """Whether an address lies in a network or is it; the ORM has no word for that."""

    template = "%(expressions)s::inet"
    arg_joiner = " <<= "
    output_field = BooleanField()


def _is_around(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Q:
    """Whether a case is about a network that holds `network`.

    Its address is the first one of the network, which is indexed; its system names the whole.
    """
    lengths = range(network.prefixlen + 1)
    wider = [network.supernet(new_prefix=length) for length in lengths]
    return Q(
        address__in=[str(one.network_address) for one in wider],
        system__in=[str(one) for one in wider],
    )


def cases_by_asset(value: str) -> QuerySet[Case]:
    """The cases that were matched by the asset written as `value`, most urgent first."""
    found = Case.objects.filter(asset_value=value).select_related("organisation", "asset")
    return found.order_by("-severity", "-last_seen_at")


def untold_case_of_an_operator() -> Case | None:
    """One case that nobody was told of, since its organisation is only the operator; or None."""
    untold = Case.objects.filter(told_at=None, relation=Case.Relation.OPERATOR)
    return untold.select_related("organisation").first()


def cases_of_domain(domain: str) -> QuerySet[Case]:
    """The cases about a name, the names below it, and accounts in its mail domain, newest first."""
    found = _labelled().filter(_is_below("host_name", domain) | _is_below("email_domain", domain))
    return found.select_related("organisation", "asset").order_by(*_NEWEST_FIRST)


def some_cases_of_domain(domain: str, *, at_most: int) -> QuerySet[Case]:
    """At most `at_most` of `cases_of_domain` by name, and as many by account; newest first.

    When there are more, these need not be the newest of all: to find those, all must be read.
    """
    by_name, by_email = (
        _labelled().filter(_is_below(column, domain)).order_by(f"{column}_backwards")
        for column in ("host_name", "email_domain")
    )
    ids = by_name.values("pk")[:at_most].union(by_email.values("pk")[:at_most])
    found = Case.objects.filter(pk__in=ids)
    return found.select_related("organisation", "asset").order_by(*_NEWEST_FIRST)


def _labelled() -> QuerySet[Case]:
    return Case.objects.alias(
        host_name_backwards=label_by_label("host_name"),
        email_domain_backwards=label_by_label("email_domain"),
    )


def _is_below(column: str, domain: str) -> Q:
    first, end = range_below(domain)
    # The index holds only names that are not empty, so the query says so too.
    return ~Q(**{column: ""}) & Q(
        **{f"{column}_backwards__gte": first, f"{column}_backwards__lt": end}
    )


_NEWEST_FIRST: Final = ("-last_seen_at", "organisation_id")


def cases_with_ids(case_ids: QuerySet[Any, int]) -> QuerySet[Case]:
    """The cases whose ids `case_ids` gives, most urgent first."""
    found = Case.objects.filter(pk__in=case_ids)
    return found.select_related("organisation", "asset").order_by("-severity", "-last_seen_at")


def cases_of_organisation(organisation_id: int) -> QuerySet[Case]:
    """The cases of one organisation, most urgent first."""
    found = Case.objects.filter(organisation_id=organisation_id)
    return found.select_related("organisation", "asset").order_by("-severity", "-last_seen_at")
