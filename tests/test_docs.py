"""The documentation says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from baken.cli.reference import commands_page
from baken.core import errors
from baken.lookups import LOOKUPS
from baken.settings.environment import VARIABLES
from baken.settings.reference import settings_page

REPOSITORY = Path(__file__).parent.parent
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(REPOSITORY)) for p in PAGES])
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not dead


def test_every_setting_is_documented_with_its_shape_and_example() -> None:
    page = (REPOSITORY / "docs/reference/settings.md").read_text()
    missing = [
        variable.name
        for variable in VARIABLES
        if f"`{variable.name}`" not in page or variable.meaning not in page
    ]
    assert not missing
    assert page == settings_page(VARIABLES), "write it anew with make docs"


def test_every_error_code_is_documented() -> None:
    page = (REPOSITORY / "docs/reference/errors.md").read_text()
    codes = {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.BakenError)
    }
    assert not {code for code in codes if f"`{code}`" not in page}


def test_every_command_is_documented() -> None:
    page = (REPOSITORY / "docs/reference/commands.md").read_text()
    assert page.strip() == commands_page().strip(), "write it anew with make docs"


def test_every_argument_is_documented() -> None:
    page = (REPOSITORY / "docs/reference/commands.md").read_text()
    assert "- `FILES…`: Reports, of any feeds at once; or folders of them." in page
    what = (
        "An address or a system on it, a network, an AS number, a domain, an organisation, a mail"
    )
    assert f"- `WHAT`: {what}\n  address of one, or the code of a mail.\n" in page


def test_the_first_screen_of_the_readme_shows_the_two_commands() -> None:
    first_screen = "\n".join((REPOSITORY / "README.md").read_text().splitlines()[:40])
    assert "make demo" in first_screen
    assert "make test" in first_screen


def test_every_lookup_is_documented_and_no_other() -> None:
    page = (REPOSITORY / "docs/reference/lookups.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]+?) \|", page, re.MULTILINE))
    assert rows == {key: str(kind.asks_about) for key, kind in LOOKUPS.items()}
