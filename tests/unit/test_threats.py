"""The file of an occasion: read whole, or refused with every fault in it."""

from __future__ import annotations

import pytest

from baken.core.classification import Level, Severity, Tlp
from baken.core.errors import OccasionError
from baken.core.pap import Pap
from baken.occasions.threats import Threat, read_threat

WHOLE = """
key = "rdp-worm"
title = "A worm in remote desktop"
likelihood = "high"
impact = "medium"
tlp = "TLP:AMBER"
[advice]
nl = "Doe dit vandaag nog."
en = "Do this today."
[selection]
finding_kinds = ["open-rdp"]
cves = ["cve-2023-46805"]
severities = ["high", "critical"]
feeds = ["shadowserver"]
"""


def read(text: str) -> Threat:
    return read_threat(text, finding_kinds={"open-rdp", "open-vnc"}, feeds={"shadowserver"})


def test_a_threat_may_have_a_title_in_english() -> None:
    assert read(WHOLE).title_en == ""
    both = WHOLE.replace("likelihood", 'title_en = "A worm"\nlikelihood')
    assert read(both).title_en == "A worm"
    with pytest.raises(OccasionError, match="title_en must be text"):
        read(both.replace('"A worm"', "3"))


def test_a_threat_may_say_who_may_notice_that_we_ask() -> None:
    assert read(WHOLE).pap is Pap.CLEAR
    assert read(WHOLE.replace("likelihood", 'pap = "PAP:AMBER"\nlikelihood')).pap is Pap.AMBER
    with pytest.raises(OccasionError, match="pap is 'amber', none of PAP:CLEAR, PAP:GREEN"):
        read(WHOLE.replace("likelihood", 'pap = "amber"\nlikelihood'))


def test_a_whole_file_is_read() -> None:
    assert read(WHOLE) == Threat(
        key="rdp-worm",
        title="A worm in remote desktop",
        likelihood=Level.HIGH,
        impact=Level.MEDIUM,
        tlp=Tlp.AMBER,
        advice_nl="Doe dit vandaag nog.",
        advice_en="Do this today.",
        finding_kinds=("open-rdp",),
        cves=("CVE-2023-46805",),
        severities=(Severity.HIGH, Severity.CRITICAL),
        feeds=("shadowserver",),
    )


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(OccasionError) as refused:
        read("")
    for key in ("key", "title", "likelihood", "impact", "tlp", "advice", "selection"):
        assert f"{key} is missing" in refused.value.message
    with pytest.raises(OccasionError, match=r"advice\.en is missing"):
        read(WHOLE.replace("en =", "fr ="))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"rdp-worm"', '"RDP worm!"', "key is 'RDP worm!'"),
        ('"rdp-worm"', f'"{"x" * 81}"', "key is"),
        ('"A worm in remote desktop"', f'"{"x" * 201}"', "title does not fit"),
        ('"A worm in remote desktop"', r'"a\u0000b"', "title does not fit"),
        ('"A worm in remote desktop"', "3", "title must be text"),
        ('likelihood = "high"', 'likelihood = "huge"', "likelihood is 'huge'"),
        ('"TLP:AMBER"', '"AMBER"', "tlp is 'AMBER'"),
        ('"Do this today."', '" "', "advice.en is empty"),
        ('"Do this today."', r'"a\u0000"', "advice.en holds a control character"),
        ("open-rdp", "open-rpd", "finding_kinds holds 'open-rpd'"),
        ("cve-2023-46805", "CVE-23-1", "cves holds 'CVE-23-1'"),
        ('"critical"', '"grave"', "severities holds 'grave'"),
        ('["shadowserver"]', '"shadowserver"', "feeds must be a list"),
        ("feeds", "feed", "selection.feed is no key"),
        ("impact", "impakt", "impakt is no key"),
        ('["open-rdp"]\ncves = ["cve-2023-46805"]', "[]", "would cover all"),
        ("[advice]", "[advice", "no TOML"),
        ("[advice]", "[[advice]]", "advice must be a table"),
    ],
)
def test_a_fault_is_named(old: str, new: str, fault: str) -> None:
    assert old in WHOLE
    with pytest.raises(OccasionError) as refused:
        read(WHOLE.replace(old, new))
    assert fault in refused.value.message
