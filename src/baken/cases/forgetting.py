"""Forgets what cases say of organisations that never signed up, once that is over."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from baken.cases.models import Case


def blank_cases_of(organisation_ids: Collection[int]) -> int:
    """Take out of these organisations' cases what was seen where; how many cases there are.

    Kind, severity, state and times stay: they are what is counted. Call it in the transaction that
    forgets the organisations.
    """
    return Case.objects.filter(organisation__in=organisation_ids).update(
        system=Concat(Value("forgotten "), Cast(F("pk"), CharField())),
        state=Case.State.GONE,
        asset_value="",
        address=None,
        port=None,
        transport="",
        host_name="",
        url="",
        email_domain="",
        asn=None,
        product="",
        evidence={},
        details=[],
        details_more=0,
        news=[],
        told_news=[],
    )
