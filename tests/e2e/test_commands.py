"""The commands as a person types them, in a home of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spark_cluster import SparkCluster

BAKEN = Path(sys.executable).parent / "baken"


def baken(*arguments: str, data: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one command with nothing of Baken in its environment but `variables`."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("BAKEN_", "DJANGO_"))}
    environment |= {"XDG_DATA_HOME": str(data), **variables}
    return subprocess.run(
        [str(BAKEN), *arguments],
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def after_demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    data = tmp_path_factory.mktemp("data")
    done = baken("demo", "--json", data=data)
    assert done.returncode == 0, done.stderr
    return data, json.loads(done.stdout)


def test_the_demo_accounts_for_every_row(after_demo: tuple[Path, dict[str, Any]]) -> None:
    _, figures = after_demo
    parts = ("rows_matched", "rows_unmatched", "rows_quarantined")
    assert figures["rows_read"] == 50_000
    assert figures["rows_read"] == sum(figures[part] for part in parts)
    assert figures["organisations_warned"] == 58
    assert len(list(Path(figures["mailbox"]).glob("*.eml"))) == figures["mails_accepted"]


def test_the_demo_warns_who_never_signed_up(after_demo: tuple[Path, dict[str, Any]]) -> None:
    data, figures = after_demo
    assert figures["unknown_systems_by_state"] == {"operator": 2, "owner": 3}
    went_out = ("calls_waiting", "letters_printed", "unasked_mails")
    assert [figures[one] for one in went_out] == [1, 1, 2]
    letters = list((data / "baken-demo/threat/letters").rglob("*.pdf"))
    assert [one.read_bytes()[:5] for one in letters] == [b"%PDF-"]
    assert "Yes, this message is from us" in figures["check_page"]
    assert figures["code_checked"] in figures["check_page"]
    ladder = baken("explain", "203.0.113.26", data=data).stdout
    assert "To be told: mail security@tuincentrum.example; the host itself publishes it" in ladder
    ladder = baken("explain", "203.0.113.41", data=data).stdout
    assert "To be told" not in ladder
    assert "mail.slagerij.example resolves to 192.0.2.80" in ladder
    listed = baken("calls", "list", "--json", data=data)
    assert listed.returncode == 0, listed.stderr
    (call,) = json.loads(listed.stdout)["calls"]
    assert call["organisation"] == "Example Shipping B.V."


def test_explain_says_whose_an_address_is_and_who_was_told(
    after_demo: tuple[Path, dict[str, Any]],
) -> None:
    data, _ = after_demo
    said = baken("explain", "198.51.100.7", data=data).stdout
    assert "198.51.100.7 lies in 198.51.100.0/28 of Havenbedrijf Noord" in said
    assert "[longest-prefix]" in said
    assert "told    security@havenbedrijf-noord.example.nl by mail" in said
    assert "silent  nobody was told: the organisation is only the operator" in said


def test_the_store_is_looked_over_and_kept_to_its_days(
    after_demo: tuple[Path, dict[str, Any]],
) -> None:
    data, figures = after_demo
    home = {"BAKEN_HOME": str(data / "baken-demo"), "BAKEN_ALLOW_DOCUMENTATION_RANGES": "yes"}
    examined = json.loads(baken("doctor", "--json", data=data, **home).stdout)["checks"]
    (store,) = [check for check in examined if check["subject"] == "store"]
    assert store["is_well"], store
    kept = json.loads(baken("purge", "--json", data=data, **home).stdout)
    assert (kept["expired"], kept["files_removed"], kept["dry_run"]) == ([], 0, False)
    without = baken("purge", "--dry-run", "--json", data=data, BAKEN_STORE_DAYS="0", **home)
    (expired,) = json.loads(without.stdout)["expired"]
    # What was seen of the systems of the threat is of today.
    assert expired["rows"] == figures["rows_read"] - figures["rows_quarantined"]
    assert "all there" in baken("doctor", data=data, **home).stdout, "it was a dry run"


def test_a_command_that_writes_never_touches_the_demo(
    after_demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    data, _ = after_demo
    export = baken("export", str(tmp_path), data=data, BAKEN_HOME=str(tmp_path / "own"))
    assert export.returncode == 0, export.stderr
    assert "Havenbedrijf" not in (tmp_path / "organisations.csv").read_text()


def test_an_unknown_name_ends_with_its_own_exit_code(
    after_demo: tuple[Path, dict[str, Any]],
) -> None:
    data, _ = after_demo
    done = baken("explain", "no such thing", data=data)
    assert done.returncode == 66
    assert "[not-found]" in done.stderr


def test_all_wrong_settings_are_told_at_once(tmp_path: Path) -> None:
    done = baken("send", data=tmp_path, BAKEN_SMTP_PORT="x", BAKEN_SMPT_HOST="typo")
    assert done.returncode == 78
    assert "BAKEN_SMTP_PORT is 'x'" in done.stderr
    assert "BAKEN_SMPT_HOST is not a setting" in done.stderr


def test_a_database_that_is_away_is_told_with_what_to_do(tmp_path: Path) -> None:
    url = "postgresql://baken@127.0.0.1:1/baken"
    done = baken("send", data=tmp_path, BAKEN_DATABASE_URL=url)
    assert done.returncode == 69
    assert "give the same command again" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_was_killed_is_started_again(tmp_path: Path) -> None:
    home = {"BAKEN_HOME": str(tmp_path)}
    assert baken("explain", "192.0.2.7", data=tmp_path, **home).returncode == 0
    held = (
        "import os, sys; from pathlib import Path;"
        "from baken.settings.embedded import start_embedded_server;"
        "start_embedded_server(Path(sys.argv[1]));"
        "pid = int((Path(sys.argv[1]) / 'postgresql/postmaster.pid').open().readline());"
        "os.kill(pid, 9); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", held, str(tmp_path)], check=True)
    done = baken("explain", "192.0.2.7", data=tmp_path, **home)
    assert done.returncode == 0, done.stderr


def test_a_cluster_answers_as_this_machine_does(
    after_demo: tuple[Path, dict[str, Any]], idle_spark_cluster: SparkCluster
) -> None:
    data, _ = after_demo
    home = {
        "BAKEN_HOME": str(data / "baken-demo"),
        "BAKEN_ALLOW_DOCUMENTATION_RANGES": "yes",
        "BAKEN_SPARK_MASTER": idle_spark_cluster.master_url,
    }
    for command in (("match",), ("lookback", "--occasion", "shadowserver-high")):
        here = baken(*command, "--json", data=data, **home)
        there = baken(*command, "--engine", "spark", "--json", data=data, **home)
        assert there.returncode == 0, there.stderr
        assert json.loads(there.stdout) == json.loads(here.stdout)
        assert json.loads(there.stdout)["rows_matched"] > 0
