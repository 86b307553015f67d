"""Whose report a file is: the surest feed's, or a refusal that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

import baken.feeds
from baken.core.errors import NotFoundError, ReportRefusedError
from baken.feeds import FEEDS, Confidence
from baken.jobs.feed_choice import feed_named, is_report_name, recognising_feed
from made_up_feed import KEY, MadeUpFeed, made_up_document


class Rival(MadeUpFeed):
    """A feed that claims whatever it is shown."""

    key = "rival"
    claim = Confidence.POSSIBLE

    def recognises(self, path: Path) -> Confidence:
        del path
        return self.claim


@pytest.fixture
def rival(monkeypatch: pytest.MonkeyPatch) -> Rival:
    rival = Rival()
    monkeypatch.setattr(baken.feeds, "FEEDS", {**FEEDS, KEY: MadeUpFeed(), "rival": rival})
    return rival


def test_the_surest_feed_reads_the_file(rival: Rival, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(made_up_document())
    assert recognising_feed(path).key == KEY, "what stands in it goes before its ending"
    path.write_bytes(b"timestamp,ip\n")
    rival.claim = Confidence.NONE
    assert recognising_feed(path).key == "shadowserver"
    rival.claim = Confidence.LIKELY
    assert recognising_feed(path) is rival


def test_a_tie_is_refused_with_the_names_of_both(rival: Rival, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(b"timestamp,ip\n")
    rival.claim = Confidence.POSSIBLE
    with pytest.raises(ReportRefusedError, match="rival, shadowserver") as refused:
        recognising_feed(path)
    assert refused.value.code == "report-refused"
    assert "--feed" in refused.value.remedy


def test_what_nobody_recognises_is_refused_with_who_was_asked(rival: Rival, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no report")
    rival.claim = Confidence.NONE
    with pytest.raises(ReportRefusedError, match=f"asked: {KEY}, rival, shadowserver") as refused:
        recognising_feed(path)
    assert "--feed" in refused.value.remedy


@pytest.mark.usefixtures("rival")
def test_what_is_no_file_is_refused_before_any_feed_looks(tmp_path: Path) -> None:
    with pytest.raises(ReportRefusedError, match="does not exist"):
        recognising_feed(tmp_path / "nothing.csv")
    with pytest.raises(ReportRefusedError, match="folder"):
        recognising_feed(tmp_path)


def test_a_feed_may_be_named(rival: Rival) -> None:
    assert feed_named("rival") is rival
    with pytest.raises(NotFoundError, match="no feed nobody") as refused:
        feed_named("nobody")
    assert "shadowserver" in refused.value.remedy


@pytest.mark.usefixtures("rival")
def test_names_are_those_of_any_feed() -> None:
    names = ("a.csv", "A.CSV.GZ", "a.zip", "a.json", "a.json.gz")
    assert all(is_report_name(name) for name in names)
    assert not any(is_report_name(name) for name in ("notes.txt", "a.gz", "csv"))
