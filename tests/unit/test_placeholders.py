"""What stands where a contact should be is told apart from a contact."""

from __future__ import annotations

from pathlib import Path

import pytest

from baken.core.lookup import Refusal
from baken.lookups.placeholders import refusal_of, refusal_of_domain


@pytest.mark.parametrize(
    "text",
    [
        "REDACTED FOR PRIVACY",
        "EMAIL REDACTED FOR PRIVACY",
        "redacted  for\nprivacy",
        "<REDACTED>",
        "object redacted due to authorization",
        "NOT DISCLOSED!",
        "Not Available From Registry",
        "Statutory Masking Enabled",
        "MD5-PW # Filtered",
        "n/a",
        "",
        " \t ",
        "Please query the RDDS service of the Registrar of Record identified in this output",
        "Select Contact Domain Holder link at https://whois.example/results?domain=example.nl",
        "removed@example.nl",
        "mailto:redacted@example.nl",
        "Unread+ripe@example.org",
        "no-reply@example.com",
        "somebody@example.invalid",
        "example.nl-registrant@anonymised.email",
        "x" * 1_000 + " redacted for privacy",
    ],
)
def test_what_says_that_there_is_nothing_is_a_placeholder(text: str) -> None:
    assert refusal_of(text) is Refusal.PLACEHOLDER


@pytest.mark.parametrize(
    "text",
    [
        "Withheld for Privacy Purposes",
        "Privacy service provided by Example ehf",
        "Domains By Proxy, LLC",
        "1234abcd.protect@withheldforprivacy.com",
        ".protect@WithheldForPrivacy.com.",
        "1234-5678@contact.gandi.net",
    ],
)
def test_who_stands_in_for_a_registrant_is_a_privacy_service(text: str) -> None:
    assert refusal_of(text) is Refusal.PRIVACY_SERVICE


@pytest.mark.parametrize(
    "text",
    ["hostmaster@ripe.net", "someone@mail.apnic.net", "Internet Assigned Numbers Authority"],
)
def test_who_keeps_the_register_is_a_registry_desk(text: str) -> None:
    assert refusal_of(text) is Refusal.REGISTRY_DESK


@pytest.mark.parametrize(
    "text",
    [
        "security@example.nl",
        "abuse@notripe.net.example",
        "privacy@example.nl",
        "redactie@example.nl",
        "+31 20 555 0100",
        "Example Privacy Lawyers B.V.",
        "Nonesuch Records",
        "Keizersgracht 1, Amsterdam",
    ],
)
def test_what_is_a_contact_is_not_refused(text: str) -> None:
    assert refusal_of(text) is None


def test_a_domain_is_refused_with_everything_below_it_and_nothing_beside_it() -> None:
    assert refusal_of_domain("a.b.arin.net.") is Refusal.REGISTRY_DESK
    assert refusal_of_domain("notarin.net") is None
    assert refusal_of_domain("") is None


def test_every_form_that_was_seen_where_a_contact_should_be_is_refused(shared_data: Path) -> None:
    lines = (shared_data / "rdap/redacted/placeholders.tsv").read_text().splitlines()[1:]
    forms = [line.partition("\t")[0] for line in lines]
    # What is told by the answer's structure is held by the tests of the RDAP lookups; a form on
    # the web is no mail address, which is not asked here.
    told_by_structure = ("redacted[]", "email property", "no entities", "https://")
    asked = [form for form in forms if not form.startswith(told_by_structure)]
    assert len(asked) >= 9
    texts = [part for form in asked for part in form.replace("…", "x").split(" / ")]
    assert [
        text for text in texts if refusal_of(text.removesuffix(" in contact-uri")) is None
    ] == []
