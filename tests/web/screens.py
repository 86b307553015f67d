"""What a person sees of a page, and what keeps one from reading or using it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


@dataclass(frozen=True)
class Screen:
    """One page in a browser of one width."""

    page: Page
    width: int

    def check(self, name: str) -> None:
        """Fails on what WCAG 2.2 AA forbids and on what does not fit the screen.

        With PICTURES_OF_PAGES in the environment, a picture is kept in that folder.
        """
        found = Axe().run(self.page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.width, f"{name} is scrolled sideways"
        if folder := os.environ.get("PICTURES_OF_PAGES"):
            self.page.screenshot(
                path=str(Path(folder) / f"{name}-{self.width}.png"), full_page=True
            )
